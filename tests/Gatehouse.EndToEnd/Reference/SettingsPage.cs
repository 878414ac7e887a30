using System.Text;
using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.EndToEnd.Reference;

/// <summary>docs/reference/settings.md, made from the tables that the program itself reads.</summary>
internal static class SettingsPage
{
    public static string Write()
    {
        var page = new StringBuilder("""
            # Settings of the event handler

            *Generated from the code; changes here are overwritten.*

            A setting comes from the command line, else from the TOML file of `--config`, else from the environment, else it has its default.
            In the file a setting may stand under its flag's name, or with every dash of the name as a dot (`[teleport] addr`,
            `[lock.failed.attempts] count`); of two the dotted one wins. What begins with `fluentd-` belongs below `[forward.fluentd]`
            (`[fluentd]` and the top level are read too, but weaker). Relative paths start at the working directory. Unknown keys are a warning.

            Durations are Go's: `5s`, `1h30m`, `500ms`. Lists are arrays or texts with commas. Empty file names count as not set.
            Where two variables are named, either works and the first wins. Passphrase and headers are never shown.


            """);
        AppendTable(page, [.. StartOptions.Globals, .. StartOptions.Settings]);
        return page.ToString();
    }

    private static void AppendTable(StringBuilder page, IReadOnlyList<SettingSpec> settings)
    {
        page.Append("| Flag | Environment | TOML | Type | Default | What |\n|---|---|---|---|---|---|\n");
        foreach (var setting in settings)
        {
            var flag = setting.OnCommandLine ? $"`--{setting.Name}`" + (setting.Letter is { } letter ? $", `-{letter}`" : "") : "–";
            var environment = setting.Environment.Count == 0 ? "–" : string.Join(", ", setting.Environment.Select(name => $"`{name}`"));
            var toml = setting.InFile ? $"`{TomlPlaces.Show(TomlPlaces.Preferred(setting))}`" : "–";
            var standard = setting.Required ? "required" : setting.Default is { } text ? $"`{text}`" : "–";
            page.Append($"| {flag} | {environment} | {toml} | {Type(setting)} | {standard} | {setting.What.Replace("<", "&lt;", StringComparison.Ordinal)} |\n");
        }
    }

    private static string Type(SettingSpec setting) => setting switch
    {
        { Choices: { } choices } => string.Join(" or ", choices.Select(choice => $"`{choice}`")),
        { Type: SettingType.Whole } => "whole number",
        { Type: SettingType.Switch } => "yes or no",
        { Type: SettingType.Duration } => "duration",
        { Type: SettingType.Instant } => "RFC 3339 time",
        { Type: SettingType.List } => "list",
        { Type: SettingType.File } => "existing file",
        { Type: SettingType.Directory } => "existing directory",
        { Type: SettingType.SecretMap } => "table of texts",
        _ => "text",
    };
}
