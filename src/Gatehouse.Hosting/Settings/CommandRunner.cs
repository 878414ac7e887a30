namespace Gatehouse.Hosting.Settings;

/// <summary>From a command tree and a command line to an exit code: help, usage errors, settings, and then the command's own work.</summary>
public static class CommandRunner
{
    /// <summary>Of every usage or settings error.</summary>
    public const int UsageError = 1;

    /// <param name="root">The program; its name is how it was called.</param>
    public static async Task<int> RunAsync(CommandSpec root, IEnumerable<string> args, Surroundings around, CancellationToken cancellation)
    {
        var line = CommandLine.Parse(root, args);
        if (line.HelpWanted)
        {
            await around.Out.WriteAsync(HelpText.Of(line.Path));
            return 0;
        }
        if (line.Error is not null)
            return await RefuseAsync(line, [new ConfigurationProblem("", line.Error)], [], around);
        var source = new SettingSource(line, around);
        var problems = new ProblemList();
        var values = source.Read(problems);
        if (problems.Problems.Count > 0)
            return await RefuseAsync(line, problems.Problems, problems.Warnings, around);
        return await line.Command.Run!(new CommandCall(root.Name, line.Command, values, source, problems.Warnings, around), cancellation);
    }

    /// <summary>
    /// The usage goes where help goes; what is wrong goes to the error stream, each on a line that names the program. Warnings come first: a
    /// key nobody knows is often why a setting is missing.
    /// </summary>
    private static async Task<int> RefuseAsync(
        CommandLine line, IReadOnlyList<ConfigurationProblem> problems, IReadOnlyList<ConfigurationProblem> warnings, Surroundings around)
    {
        await around.Out.WriteAsync($"{HelpText.Of(line.Path)}\n");
        foreach (var warning in warnings)
            await around.Error.WriteAsync($"{line.Path[0].Name}: warning: {warning}\n");
        foreach (var problem in problems)
        {
            await around.Error.WriteAsync($"{line.Path[0].Name}: error: {problem.Text}\n");
            if (problem.Hint is not null)
                await around.Error.WriteAsync($"  hint: {problem.Hint}\n");
        }
        await around.Error.WriteAsync("\n");
        return UsageError;
    }
}
