namespace Gatehouse.Hosting.Settings;

/// <summary>
/// The settings of one command as they came out of command line, file, environment and defaults. A value that could not be read counts as
/// given, has its default here and a problem in the list, so that later checks need not complain again.
/// </summary>
public sealed class SettingValues
{
    private readonly Dictionary<string, (SettingSpec Spec, object? Value, SettingOrigin Origin)> _values = new(StringComparer.Ordinal);

    /// <summary>Whether anybody said anything about it.</summary>
    public bool IsGiven(string name) => _values[name].Origin.Level != SettingLevel.Default;

    public SettingOrigin OriginOf(string name) => _values[name].Origin;

    /// <summary>A text, or the absolute path of a file or directory.</summary>
    public string? Text(string name) => (string?)_values[name].Value;

    public int? Whole(string name) => (int?)_values[name].Value;

    public bool Switch(string name) => _values[name].Value is true;

    public TimeSpan? Duration(string name) => (TimeSpan?)_values[name].Value;

    public DateTimeOffset? Instant(string name) => (DateTimeOffset?)_values[name].Value;

    public IReadOnlyList<string> List(string name) => (IReadOnlyList<string>?)_values[name].Value ?? [];

    public Secret? Secret(string name) => (Secret?)_values[name].Value;

    public IReadOnlyDictionary<string, Secret> Map(string name) =>
        (IReadOnlyDictionary<string, Secret>?)_values[name].Value ?? new Dictionary<string, Secret>();

    /// <summary>Every setting in words, secrets masked.</summary>
    public IReadOnlyList<SettingLine> Lines() =>
        [.. _values.Values.Select(entry => new SettingLine(entry.Spec.Name, Show(entry.Value), entry.Origin))];

    internal void Set(SettingSpec spec, object? value, SettingOrigin origin) => _values[spec.Name] = (spec, value, origin);

    private static string Show(object? value) => value switch
    {
        null => "",
        true => "true",
        false => "false",
        TimeSpan duration => GoDuration.Format(duration),
        DateTimeOffset instant => instant.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", System.Globalization.CultureInfo.InvariantCulture),
        IReadOnlyList<string> list => string.Join(',', list),
        IReadOnlyDictionary<string, Secret> map => string.Join(';', map.Select(entry => $"{entry.Key}={entry.Value}")),
        string text => MaskedUrl.Of(text),
        _ => FormattableString.Invariant($"{value}"),
    };
}
