namespace Gatehouse.Hosting.Settings;

/// <summary>What a setting's text must be, and what it becomes.</summary>
public enum SettingType
{
    /// <summary>Any text.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Whole,

    /// <summary><c>true</c>, <c>1</c>, <c>yes</c>, <c>false</c>, <c>0</c> or <c>no</c>; a bare flag means true.</summary>
    Switch,

    /// <summary>Go's notation, such as <c>1h30m</c> or <c>500ms</c> (<see cref="GoDuration"/>).</summary>
    Duration,

    /// <summary>RFC 3339 with an offset (<see cref="GoTime"/>).</summary>
    Instant,

    /// <summary>Texts parted by commas; a backslash keeps a comma. A flag may be repeated.</summary>
    List,

    /// <summary>A file that exists; becomes an absolute path. Empty means unset.</summary>
    File,

    /// <summary>A directory that exists; becomes an absolute path. Empty means unset.</summary>
    Directory,

    /// <summary>A text that is never shown.</summary>
    Secret,

    /// <summary>Names with secret values: a table in TOML, <c>NAME=VALUE;NAME=VALUE</c> elsewhere.</summary>
    SecretMap,
}

/// <summary>One setting as data: what parser, help, reference page and checks know about it.</summary>
/// <param name="Name">The flag without dashes; also the key of the values and the base of the TOML places.</param>
/// <param name="What">One sentence for the help.</param>
public sealed record SettingSpec(string Name, SettingType Type, string What)
{
    /// <summary>One-letter flag.</summary>
    public char? Letter { get; init; }

    /// <summary>As it would be written on the command line; null for none.</summary>
    public string? Default { get; init; }

    /// <summary>What stands behind <c>=</c> in the help; null for the usual word of the type.</summary>
    public string? Placeholder { get; init; }

    /// <summary>Environment variables, the preferred one first.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    public bool Required { get; init; }

    /// <summary>The only values allowed; null for no such limit.</summary>
    public IReadOnlyList<string>? Choices { get; init; }

    /// <summary>False for what must not be seen in a process list.</summary>
    public bool OnCommandLine { get; init; } = true;

    /// <summary>False for what has no place in the configuration file.</summary>
    public bool InFile { get; init; } = true;

    /// <summary>A positional argument that takes all that is left.</summary>
    public bool TakesRest { get; init; }

    /// <summary>How messages call it.</summary>
    public string Shown => $"--{Name}";

    /// <summary>The type in error texts.</summary>
    internal string TypeWord => Type switch
    {
        SettingType.Whole => "int",
        SettingType.Switch => "bool",
        SettingType.Duration => "duration",
        SettingType.Instant => "time",
        SettingType.List => "list",
        SettingType.File or SettingType.Directory => "file",
        SettingType.SecretMap => "map",
        _ => "string",
    };
}
