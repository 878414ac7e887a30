using Gatehouse.Hosting.Settings.Toml;

namespace Gatehouse.Hosting.Settings;

/// <summary>
/// Brings a command's settings together: command line over file over environment over default. May be read again after the file or the
/// environment has changed; the command line stays.
/// </summary>
public sealed class SettingSource
{
    /// <summary>The flag that names the configuration file, where a command has one.</summary>
    public const string ConfigFlag = "config";

    private readonly CommandLine _line;
    private readonly Surroundings _around;
    private readonly IReadOnlyList<SettingSpec> _knownInFile;

    internal SettingSource(CommandLine line, Surroundings around)
    {
        _line = line;
        _around = around;
        var owner = line.Path.FirstOrDefault(command => command.Settings.Any(setting => setting.Name == ConfigFlag));
        _knownInFile = owner is null ? [] : [.. SettingsBelow(owner)];
    }

    /// <summary>Reads everything and adds what is wrong to <paramref name="problems"/>, the command's own checks included.</summary>
    public SettingValues Read(ProblemList problems)
    {
        var values = new SettingValues();
        var file = ReadFile(values, problems);
        foreach (var setting in _line.Settings.Where(setting => setting.Name != ConfigFlag))
            ReadSetting(setting, setting.Shown, file, values, problems);
        foreach (var argument in _line.Command.Arguments)
            ReadSetting(argument, HelpText.ArgumentSummary(argument), null, values, problems);
        _line.Command.Check?.Invoke(values, _around, problems);
        var missing = _line.Settings.Where(setting => setting.Required && !values.IsGiven(setting.Name)).Select(HelpText.FlagSummary).Order(StringComparer.Ordinal).ToList();
        if (missing.Count > 0)
            problems.Add(missing[0], $"missing flags: {string.Join(", ", missing)}");
        if (file is not null)
            UnknownKeys.Warn(file.Table, file.Path, _knownInFile, problems);
        return values;
    }

    private static IEnumerable<SettingSpec> SettingsBelow(CommandSpec command) =>
        command.Settings.Concat(command.Commands.SelectMany(SettingsBelow));

    private ConfigurationFile? ReadFile(SettingValues values, ProblemList problems)
    {
        if (_line.Settings.FirstOrDefault(setting => setting.Name == ConfigFlag) is not { } config)
            return null;
        ReadSetting(config, config.Shown, null, values, problems);
        if (values.Text(ConfigFlag) is not { } path)
            return null;
        try
        {
            if (new FileInfo(path).Length > TomlDocument.MaxBytes)
                problems.Add(config.Shown, $"{path} has more than {TomlDocument.MaxBytes} bytes", "is it the configuration file?");
            else if (TomlDocument.TryParse(File.ReadAllBytes(path), out var table, out var error))
                return new ConfigurationFile(path, table);
            else
                problems.Add(config.Shown, error.ToString(), $"line {error.Position.Line} of {path}");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            problems.Add(config.Shown, $"{config.Shown}: {path} cannot be read: {failure.Message}");
        }
        return null;
    }

    private void ReadSetting(SettingSpec setting, string shown, ConfigurationFile? file, SettingValues values, ProblemList problems)
    {
        SettingText.Refusal? refusal;
        object? value;
        SettingOrigin origin;
        var suffix = "";
        string? hint = null;
        if (_line.TryGet(setting, out var texts))
        {
            origin = new SettingOrigin(SettingLevel.CommandLine, shown);
            if (IsEmptyPath(setting, texts[^1], origin, values, problems))
                return;
            refusal = SettingText.Read(setting, texts, _around, out value);
        }
        else if (file?.Find(setting) is { } hit)
        {
            origin = new SettingOrigin(SettingLevel.File, hit.Place);
            if (hit.Value is TomlString text && IsEmptyPath(setting, text.Value, origin, values, problems))
                return;
            refusal = SettingText.Read(setting, hit.Value, _around, out value);
            hint = hit.Place;
        }
        else if (FromEnvironment(setting, problems) is var (name, variable))
        {
            origin = new SettingOrigin(SettingLevel.Environment, name);
            refusal = SettingText.Read(setting, [variable], _around, out value);
            suffix = setting.Type is SettingType.Secret or SettingType.SecretMap ? $" (from envar {name})" : $" (from envar {name}=\"{variable}\")";
        }
        else
        {
            origin = SettingOrigin.Default;
            value = null;
            refusal = setting.Default is null ? null : SettingText.Read(setting, [setting.Default], _around, out value);
        }
        if (refusal is null && setting.Choices is { } choices && value is not null && !choices.Contains(FormattableString.Invariant($"{value}")))
        {
            var allowed = string.Join(',', choices.Select(choice => $"\"{choice}\""));
            problems.Add(origin.Text, FormattableString.Invariant($"{shown} must be one of {allowed} but got \"{value}\"{suffix}"), hint);
        }
        if (refusal is not null)
        {
            problems.Add(origin.Text, $"{shown}: {refusal.Text}{suffix}", (hint, refusal.Hint) is ({ } place, { } advice) ? $"{place}; {advice}" : hint ?? refusal.Hint);
            SettingText.Read(setting, [setting.Default ?? ""], _around, out value);
            value = setting.Default is null ? null : value;
        }
        values.Set(setting, value, origin);
    }

    /// <summary>An empty file name in a template means "not used here", and so it is taken, but said.</summary>
    private static bool IsEmptyPath(SettingSpec setting, string? text, SettingOrigin origin, SettingValues values, ProblemList problems)
    {
        if (text != "" || setting.Required || setting.Type is not (SettingType.File or SettingType.Directory))
            return false;
        problems.Warn(origin.Text, $"{setting.Shown} is empty and counts as not set", origin.Level == SettingLevel.File ? origin.Text : null);
        values.Set(setting, null, SettingOrigin.Default);
        return true;
    }

    private (string Name, string Value)? FromEnvironment(SettingSpec setting, ProblemList problems)
    {
        (string Name, string Value)? found = null;
        foreach (var name in setting.Environment)
        {
            if (_around.Variable(name) is not { Length: > 0 } value)
                continue;
            if (found is null)
                found = (name, value);
            else if (found.Value.Value != value)
                problems.Warn(name, $"{name} is ignored: {found.Value.Name} says something else and counts");
        }
        return found;
    }
}

/// <summary>A parsed configuration file and where it lies.</summary>
internal sealed record ConfigurationFile(string Path, TomlTable Table)
{
    /// <summary>The strongest place that has the setting.</summary>
    public (TomlValue Value, string Place)? Find(SettingSpec setting)
    {
        foreach (var place in TomlPlaces.Of(setting).Reverse())
        {
            if (Table.Find(place) is { } value && (value is not TomlTable || setting.Type == SettingType.SecretMap))
                return (value, $"{TomlPlaces.Show(place)}, line {value.Position.Line} of {Path}");
        }
        return null;
    }
}
