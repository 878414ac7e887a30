using System.Globalization;
using System.Text;
using Gatehouse.Hosting.Settings.Toml;

namespace Gatehouse.Hosting.Settings;

/// <summary>From a text or a TOML value to the value of a setting. Refusals use the words of the field's parser where it has some.</summary>
internal static class SettingText
{
    /// <summary>What a refused value is told: the reason, and what to write instead where that is not plain.</summary>
    public sealed record Refusal(string Text, string? Hint = null);

    public static bool? Switch(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" or "yes" => true,
        "false" or "0" or "no" => false,
        _ => null,
    };

    /// <summary>Reads what was written on the command line, in the environment or as a default. Null is a bare switch.</summary>
    public static Refusal? Read(SettingSpec setting, IReadOnlyList<string?> texts, Surroundings around, out object? value)
    {
        switch (setting.Type)
        {
            case SettingType.List:
                // What the shell has parted already, such as file names, is not parted again.
                value = setting.TakesRest ? texts.Select(text => text!).ToList() : texts.SelectMany(text => Split(text!, ',')).ToList();
                return null;
            case SettingType.SecretMap:
                return ReadMap(texts.SelectMany(text => Split(text!, ';')), out value);
            default:
                return ReadOne(setting, texts[^1], around, out value);
        }
    }

    /// <summary>Reads what stands in the file.</summary>
    public static Refusal? Read(SettingSpec setting, TomlValue toml, Surroundings around, out object? value)
    {
        value = null;
        switch (setting.Type, toml)
        {
            case (_, TomlString text):
                return Read(setting, [text.Value], around, out value);
            case (SettingType.Whole, TomlInteger number):
                return ReadOne(setting, number.Value.ToString(CultureInfo.InvariantCulture), around, out value);
            case (SettingType.Whole, TomlFloat number):
                return ReadOne(setting, number.Text, around, out value);
            case (SettingType.Switch, TomlBoolean flag):
                value = flag.Value;
                return null;
            case (SettingType.Switch, TomlInteger number):
                return new Refusal($"expected bool but got {number.Value} (int64)", "write true or false");
            case (SettingType.Duration, TomlInteger { Value: 0 }):
                value = TimeSpan.Zero;
                return null;
            case (SettingType.Duration, TomlInteger number):
                return new Refusal(
                    $"expected duration but got {number.Value}: a number without a unit",
                    $"Teleport's own handler takes it as {number.Value} nanoseconds; write \"{number.Value}s\" for seconds");
            case (SettingType.Instant, TomlDateTime { Instant: { } instant }):
                value = instant;
                return null;
            case (SettingType.Instant, TomlDateTime time):
                return new Refusal($"expected time with an offset but got {time.Text} ({time.Kind})", "append Z for UTC");
            case (SettingType.List, TomlArray array):
                if (array.Items.FirstOrDefault(item => item is not TomlString) is { } odd)
                    return new Refusal($"expected a list of strings but one item is of type {odd.Kind}");
                value = array.Items.Select(item => ((TomlString)item).Value).ToList();
                return null;
            case (SettingType.SecretMap, TomlTable table):
                if (table.FirstOrDefault(entry => entry.Value is not TomlString) is { Key: not null } wrong)
                    return new Refusal($"expected strings but {wrong.Key} is of type {wrong.Value.Kind}");
                value = table.ToDictionary(entry => entry.Key, entry => new Secret(((TomlString)entry.Value).Value), StringComparer.OrdinalIgnoreCase);
                return null;
            default:
                return new Refusal($"expected {setting.TypeWord} but got a value of type {toml.Kind}");
        }
    }

    private static Refusal? ReadOne(SettingSpec setting, string? text, Surroundings around, out object? value)
    {
        value = null;
        switch (setting.Type)
        {
            case SettingType.Switch:
                value = text is null ? true : Switch(text);
                return value is null ? new Refusal($"bool value must be true, 1, yes, false, 0 or no but got \"{text}\"") : null;
            case SettingType.Whole:
                if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
                    return new Refusal($"expected a valid 64 bit int but got \"{text}\"");
                if (number is < int.MinValue or > int.MaxValue)
                    return new Refusal($"{text} is out of range", $"at most {int.MaxValue}");
                value = (int)number;
                return null;
            case SettingType.Duration:
                if (!GoDuration.TryParse(text!, out var duration, out var reason))
                    return new Refusal($"expected duration but got \"{text}\": {reason}");
                value = duration;
                return null;
            case SettingType.Instant:
                if (!GoTime.TryParse(text!, out var instant, out var problem))
                    return new Refusal(problem!);
                value = instant;
                return null;
            case SettingType.File or SettingType.Directory:
                var path = around.Absolute(text!);
                value = path;
                return Missing(path, setting.Type == SettingType.Directory);
            case SettingType.Secret:
                value = new Secret(text!);
                return null;
            default:
                value = text;
                return null;
        }
    }

    private static Refusal? Missing(string path, bool directoryWanted)
    {
        try
        {
            var isDirectory = File.GetAttributes(path).HasFlag(FileAttributes.Directory);
            return isDirectory == directoryWanted ? null
                : new Refusal($"\"{path}\" exists but is {(directoryWanted ? "not " : "")}a directory");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            var reason = failure is FileNotFoundException or DirectoryNotFoundException ? "no such file or directory"
                : failure is UnauthorizedAccessException ? "permission denied"
                : failure.Message;
            return new Refusal($"stat {path}: {reason}");
        }
    }

    private static Refusal? ReadMap(IEnumerable<string> entries, out object? value)
    {
        var map = new Dictionary<string, Secret>(StringComparer.OrdinalIgnoreCase);
        value = map;
        foreach (var entry in entries)
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
                return new Refusal("expected \"<key>=<value>\" but an entry has no \"=\"");
            map[entry[..equals].Trim()] = new Secret(entry[(equals + 1)..]);
        }
        return null;
    }

    /// <summary>Parts at the separator unless a backslash stands before it. White space around a part is not meant.</summary>
    private static List<string> Split(string text, char separator)
    {
        List<string> parts = [];
        var part = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                part.Append(text[++i]);
            }
            else if (text[i] == separator)
            {
                parts.Add(part.ToString().Trim());
                part.Clear();
            }
            else
            {
                part.Append(text[i]);
            }
        }
        if (part.Length > 0)
            parts.Add(part.ToString().Trim());
        return parts;
    }
}
