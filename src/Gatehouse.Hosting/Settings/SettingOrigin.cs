namespace Gatehouse.Hosting.Settings;

/// <summary>Where a value came from; the higher wins.</summary>
public enum SettingLevel
{
    Default,
    Environment,
    File,
    CommandLine,
}

/// <summary>Where a value came from, for messages, <c>check</c> and the lines at start-up.</summary>
/// <param name="Text">The variable's name, the TOML place with its line, or the flag.</param>
public sealed record SettingOrigin(SettingLevel Level, string Text)
{
    public static SettingOrigin Default { get; } = new(SettingLevel.Default, "default");

    public override string ToString() => Text;
}

/// <summary>One effective setting in words.</summary>
/// <param name="Value">Secrets and passwords are masked already.</param>
public sealed record SettingLine(string Name, string Value, SettingOrigin Origin);

/// <summary>Everything that is wrong, in the order it was found.</summary>
public sealed class ProblemList
{
    private readonly List<ConfigurationProblem> _problems = [];
    private readonly List<ConfigurationProblem> _warnings = [];

    /// <summary>What must be mended before the program runs.</summary>
    public IReadOnlyList<ConfigurationProblem> Problems => _problems;

    /// <summary>What the program runs with, but not as the user may think.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings => _warnings;

    public void Add(string key, string text, string? hint = null) => _problems.Add(new ConfigurationProblem(key, text, hint));

    public void Warn(string key, string text, string? hint = null) => _warnings.Add(new ConfigurationProblem(key, text, hint));
}
