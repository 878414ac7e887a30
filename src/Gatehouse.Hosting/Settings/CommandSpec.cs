namespace Gatehouse.Hosting.Settings;

/// <summary>A command as data: a tree of these is a whole program.</summary>
/// <param name="Name">The word on the command line; the root's is the program's name.</param>
/// <param name="What">One sentence for the help.</param>
public sealed record CommandSpec(string Name, string What)
{
    /// <summary>Positional arguments in order; required ones first.</summary>
    public IReadOnlyList<SettingSpec> Arguments { get; init; } = [];

    /// <summary>Flags of this command and of all below it.</summary>
    public IReadOnlyList<SettingSpec> Settings { get; init; } = [];

    public IReadOnlyList<CommandSpec> Commands { get; init; } = [];

    /// <summary>Whole command lines without the program's name, shown at the end of the help.</summary>
    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>What only shows when several values are looked at together. Its problems are listed with all others.</summary>
    public Action<SettingValues, Surroundings, ProblemList>? Check { get; init; }

    /// <summary>Does the work and says the exit code; null for a command that only has commands below it.</summary>
    public Func<CommandCall, CancellationToken, Task<int>>? Run { get; init; }
}

/// <summary>A command as called, with everything it may touch.</summary>
/// <param name="App">How the program was called.</param>
/// <param name="Source">Reads the settings again.</param>
/// <param name="Warnings">About the settings; the command says where they go.</param>
public sealed record CommandCall(
    string App,
    CommandSpec Command,
    SettingValues Values,
    SettingSource Source,
    IReadOnlyList<ConfigurationProblem> Warnings,
    Surroundings Around)
{
    public TextWriter Out => Around.Out;

    public TextWriter Error => Around.Error;

    /// <summary>Says what went wrong in the form of all errors, for a command that ends because of it.</summary>
    public async Task<int> FailAsync(string text, int exit = 1)
    {
        await Error.WriteLineAsync($"{App}: error: {text}");
        return exit;
    }

    /// <summary>Says the warnings about the settings, for commands that keep no log.</summary>
    public async Task WarnAsync()
    {
        foreach (var warning in Warnings)
            await Error.WriteLineAsync($"{App}: warning: {warning}");
    }
}

/// <summary>What a program sees of the world when it starts; tests bring their own.</summary>
/// <param name="Variable">An environment variable, null when unset.</param>
/// <param name="Directory">Relative paths start here.</param>
/// <param name="Home">What <c>~</c> stands for.</param>
public sealed record Surroundings(Func<string, string?> Variable, string Directory, string Home, TextWriter Out, TextWriter Error)
{
    /// <summary>Whether somebody watches the error stream, so that progress may be drawn there.</summary>
    public bool ErrorIsTerminal { get; init; }

    public static Surroundings OfProcess() => new(
        Environment.GetEnvironmentVariable,
        Environment.CurrentDirectory,
        Environment.GetEnvironmentVariable("HOME") ?? "/",
        Console.Out,
        Console.Error)
    {
        ErrorIsTerminal = !Console.IsErrorRedirected,
    };

    /// <summary>An absolute path without <c>~</c>, <c>.</c> and <c>..</c>.</summary>
    public string Absolute(string path)
    {
        if (path == "~" || path.StartsWith("~/", StringComparison.Ordinal))
            path = Home + path[1..];
        return Path.GetFullPath(path, Directory);
    }
}
