using Gatehouse.Hosting.Settings;

namespace Gatehouse.Testing;

/// <summary>What a command line led to, run in this process with surroundings of its own.</summary>
public sealed record CommandRun(int Exit, string Out, string Error)
{
    /// <param name="directory">Where relative paths start; also the home directory.</param>
    /// <param name="environment">The only variables there are.</param>
    public static async Task<CommandRun> Of(
        CommandSpec root, string directory, IReadOnlyDictionary<string, string>? environment, params IReadOnlyList<string> args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var around = new Surroundings(name => environment?.GetValueOrDefault(name), directory, directory, output, error);
        var exit = await CommandRunner.RunAsync(root, args, around, CancellationToken.None);
        return new CommandRun(exit, output.ToString(), error.ToString());
    }

    /// <summary>The texts behind <c>error:</c>.</summary>
    public IReadOnlyList<string> Errors =>
        [.. Error.Split('\n').Where(line => line.Contains(": error: ", StringComparison.Ordinal)).Select(line => line.Split(": error: ", 2)[1])];

    /// <summary>The texts behind <c>hint:</c>.</summary>
    public IReadOnlyList<string> Hints =>
        [.. Error.Split('\n').Where(line => line.StartsWith("  hint: ", StringComparison.Ordinal)).Select(line => line["  hint: ".Length..])];
}
