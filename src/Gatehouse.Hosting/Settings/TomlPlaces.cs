namespace Gatehouse.Hosting.Settings;

/// <summary>
/// Where in the configuration file a setting may stand. The file is asked for the flag's name as it is and then with every dash as a dot;
/// names that begin with <c>fluentd-</c> live below <c>forward.fluentd</c>. Of several hits the last wins. Besides, what begins with
/// <c>fluentd-</c> may stand at the top or in a section <c>[fluentd]</c>, as the public README has it; the true place beats both.
/// </summary>
public static class TomlPlaces
{
    private const string Fluentd = "fluentd-";

    /// <summary>All places as key paths, the weakest first.</summary>
    public static IReadOnlyList<string[]> Of(SettingSpec setting)
    {
        if (!setting.InFile)
            return [];
        string[] dotted = setting.Name.Split('-');
        List<string[]> places = [[setting.Name]];
        if (setting.Name.StartsWith(Fluentd, StringComparison.Ordinal))
        {
            var rest = setting.Name[Fluentd.Length..];
            places.AddRange([["fluentd", rest], dotted, ["forward", "fluentd", rest], ["forward", .. dotted]]);
        }
        else
        {
            places.Add(dotted);
        }
        return [.. places.DistinctBy(Key)];
    }

    /// <summary>The place that documentation and hints name.</summary>
    public static string[] Preferred(SettingSpec setting) =>
        setting.Name.StartsWith(Fluentd, StringComparison.Ordinal) ? ["forward", "fluentd", setting.Name[Fluentd.Length..]]
        : setting.Name.StartsWith("teleport-", StringComparison.Ordinal) ? setting.Name.Split('-')
        : [setting.Name];

    /// <summary>A place as one reads it: <c>[forward.fluentd] session-url</c>.</summary>
    public static string Show(string[] path) => path switch
    {
        [var key] => key,
        ["forward", "fluentd", .. var rest] => $"[forward.fluentd] {Key(rest)}",
        [var table, .. var rest] => $"[{table}] {Key(rest)}",
        [] => "",
    };

    internal static string Key(string[] path) => string.Join('.', path);
}
