using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Settings;

/// <summary>
/// Every row of the capture of upstream's settings: through environment, file and command line the same value arrives, or the same error
/// is said. Rows that come out otherwise on purpose name their line in docs/differences.md.
/// </summary>
public sealed partial class GoldenPrecedenceTests : IDisposable
{
    private static readonly List<Row> Rows = Read();

    /// <summary>Setting, given, line of docs/differences.md, and what ours makes of it.</summary>
    private static readonly (string Setting, string Given, string Line, string Ours)[] Differences =
    [
        ("fluentd-url", "toml 'fluentd-url=\"http://T\"'", "fluentd-sections", "url=\"http://T\""),
        ("fluentd-url", "toml '[fluentd]\\nurl=\"http://T\"'", "fluentd-sections", "url=\"http://T\""),
        ("fluentd-ca(other spelling)", "env FDFWD_FLUENTD_CA=e", "environment-spellings", "ca=${DIR}/e"),
        ("teleport-refresh-enabled", "toml '[teleport]\\nrefresh.enabled=1'", "number-shown", "USAGE-ERR --teleport-refresh-enabled: expected bool but got 1 (int64)"),
        ("teleport-refresh-interval", "toml 'teleport-refresh-enabled=true\\n[teleport]\\nrefresh.interval=60'", "duration-without-unit", "USAGE-ERR --teleport-refresh-interval: expected duration but got 60: a number without a unit"),
        ("start-time", "env FDFWD_START_TIME=2023-01-01T00:00:00Z", "start-time-variable", "value=\"2023-01-01 00:00:00 +0000 UTC\""),
        ("start-time", "env+toml", "start-time-variable", "value=\"2021-02-03 04:05:06 +0000 UTC\""),
        ("start-time", "cli+toml+env", "start-time-variable", "value=\"2022-01-01 00:00:00 +0000 UTC\""),
        ("timeout", "toml 'timeout=7'", "duration-without-unit", "USAGE-ERR --timeout: expected duration but got 7: a number without a unit"),
        ("timeout", "toml 'timeout=7000000000'", "duration-without-unit", "USAGE-ERR --timeout: expected duration but got 7000000000: a number without a unit"),
        ("timeout", "toml 'timeout=\"-1s\"'", "timeout-floor", "timeout=100ms"),
        ("timeout", "toml 'timeout=0'", "timeout-floor", "timeout=100ms"),
        ("dry-run", "env FDFWD_DRY_RUN=true", "newer-variables", ""),
        ("window-size(not in 15.3)", "env FDFWD_WINDOW_SIZE=1h", "newer-settings", "window=1h0m0s"),
        ("window-size(not in 15.3)", "toml 'window-size=\"1h\"'", "newer-settings", "window=1h0m0s"),
        ("window-size(not in 15.3)", "env+toml", "newer-settings", "window=1h0m0s"),
        ("window-size(not in 15.3)", "cli=1h", "newer-settings", "window=1h0m0s"),
        ("window-size(not in 15.3)", "cli+toml+env", "newer-settings", "window=1h0m0s"),
    ];

    private readonly StartTree _start = new();

    public static TheoryData<string, string> Cases() => [.. Rows.Select(row => (row.Setting, row.Given))];

    public void Dispose() => _start.Dispose();

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_setting_arrives_as_upstream_takes_it(string setting, string given)
    {
        var row = Rows.Single(candidate => candidate.Setting == setting && candidate.Given == given);
        var difference = Differences.SingleOrDefault(candidate => candidate.Setting == setting && candidate.Given == given);
        var expected = (difference.Ours ?? row.Result).Replace("${DIR}", _start.Folder.Path, StringComparison.Ordinal);
        foreach (var name in (string[])["a", "b", "c", "e", "identity"])
            _start.Folder.Write(name, "");
        Directory.CreateDirectory(_start.Folder["d"]);

        var (flag, toml, environment) = Sources(setting, given);
        // The capture has URLs without a path, which upstream would post to a host named after the session; ours wants one (urls-checked).
        if (setting == "fluentd-session-url")
        {
            Assert.Contains("urls-checked", DifferencesPage.Lines());
            expected = expected.Replace("\"", "/\"", StringComparison.Ordinal).Replace("url=/", "url=", StringComparison.Ordinal);
            flag = [.. flag.Select(text => text + "/")];
            environment = environment.ToDictionary(entry => entry.Key, entry => entry.Value + "/");
            if (toml.Length > 0)
                File.WriteAllText(toml[1], File.ReadAllText(toml[1]).Replace("http://T", "http://T/", StringComparison.Ordinal));
        }
        var run = await _start.RunAsync(environment, [.. Base(setting), .. toml, .. flag]);

        var seen = run.Errors.Count > 0 ? $"USAGE-ERR {string.Join("; ", run.Errors)}" : Seen(setting, _start.Plan!);
        // Upstream's log shows some settings only when another is on; then the capture has its last line instead.
        if (expected.StartsWith("ABSENT", StringComparison.Ordinal))
            Assert.True(seen.Length == 0, $"upstream does not show it, ours has {seen}");
        else
            Assert.Equal(expected, seen);
    }

    [Fact]
    public void Each_deliberate_difference_has_its_line_in_the_documentation_and_differs()
    {
        var lines = DifferencesPage.Lines();
        Assert.All(Differences, difference => Assert.Contains(difference.Line, lines));
        Assert.All(Differences, difference => Assert.NotEqual(Rows.Single(row => row.Setting == difference.Setting && row.Given == difference.Given).Result, difference.Ours));
    }

    private static List<string> Base(string setting)
    {
        List<string> args = ["start"];
        foreach (var (name, value) in (ReadOnlySpan<(string, string)>)
            [("fluentd-url", "http://base"), ("fluentd-session-url", "http://base/s"), ("storage", "./storage"), ("teleport-identity", "identity")])
        {
            if (name != setting)
                args.Add($"--{name}={value}");
        }
        // Certificate and key only count together.
        if (setting is "fluentd-cert" or "fluentd-key")
            args.Add($"--fluentd-{(setting == "fluentd-cert" ? "key" : "cert")}=a");
        return args;
    }

    /// <summary>The three sources of a row; rows that name several use the first row that names that source alone.</summary>
    private (string[] Flag, string[] Toml, Dictionary<string, string> Environment) Sources(string setting, string given)
    {
        var parts = given.StartsWith("toml ", StringComparison.Ordinal) || given.StartsWith("env ", StringComparison.Ordinal) || given.StartsWith("cli=", StringComparison.Ordinal)
            ? [given]
            : given.Split('+').Select(part => Rows.First(row => row.Setting == setting && (row.Given.StartsWith($"{part} ", StringComparison.Ordinal) || row.Given.StartsWith($"{part}=", StringComparison.Ordinal))).Given).ToArray();
        string[] flag = [], toml = [];
        var environment = new Dictionary<string, string>();
        var name = setting.Split('(')[0];
        foreach (var part in parts)
        {
            if (part.StartsWith("env ", StringComparison.Ordinal))
                environment[part[4..part.IndexOf('=', StringComparison.Ordinal)]] = part[(part.IndexOf('=', StringComparison.Ordinal) + 1)..];
            else if (part.StartsWith("cli=", StringComparison.Ordinal))
                flag = [$"--{name}={part[4..]}"];
            else
                toml = ["--config", _start.Folder.Write("config.toml", Unquote(part[5..]))];
        }
        return (flag, toml, environment);
    }

    private static string Unquote(string text) =>
        Escape().Replace(text[1..^1], match => match.Value switch
        {
            "\\n" => "\n",
            "\\\\" => "\\",
            "\\'" => "'",
            var unicode => ((char)int.Parse(unicode.AsSpan(2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)).ToString(),
        });

    /// <summary>What upstream's start-up log says of the setting.</summary>
    private static string Seen(string setting, ExportPlan plan) => setting.Split('(')[0] switch
    {
        "fluentd-url" => $"url=\"{plan.Fluentd.Url}\"",
        "fluentd-session-url" => $"url=\"{plan.Fluentd.SessionUrl}\"",
        "fluentd-ca" => $"ca={plan.Fluentd.Ca}",
        "fluentd-cert" => $"cert={plan.Fluentd.Cert}",
        "fluentd-key" => $"key={plan.Fluentd.Key}",
        "teleport-identity" => $"file={plan.Teleport.Identity}",
        "teleport-refresh-enabled" or "teleport-refresh-interval" => plan.Teleport.RefreshEnabled ? $"interval={GoDuration.Format(plan.Teleport.RefreshInterval)}" : "",
        "batch" => $"batch={plan.Batch}",
        "types" => $"types=\"[{string.Join(' ', plan.Types)}]\"",
        "skip-event-types" => $"skip-event-types=\"map[{Map(plan.SkipEventTypes)}]\"",
        "skip-session-types" => $"types=\"map[{Map(plan.SkipSessionTypes)}]\"",
        "start-time" => $"value=\"{Time(plan.StartTime!.Value)}\"",
        "timeout" or "unknown keys" or "toml syntax" => $"timeout={GoDuration.Format(plan.Timeout)}",
        "dry-run" => plan.DryRun ? "" : "not dry",
        "lock" => plan.Lock.Enabled ? $"count={plan.Lock.FailedAttemptsCount} period={GoDuration.Format(plan.Lock.Period)}" : "",
        "window-size" => $"window={GoDuration.Format(plan.WindowSize)}",
        _ => throw new InvalidOperationException($"the capture has a new setting {setting}"),
    };

    private static string Map(IEnumerable<string> set) => string.Join(' ', set.Order(StringComparer.Ordinal).Select(entry => $"{entry}:{{}}"));

    private static string Time(DateTimeOffset time)
    {
        var offset = time.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
        return $"{time.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)} {offset} {(time.Offset == TimeSpan.Zero ? "UTC" : offset)}";
    }

    private static List<Row> Read() =>
        JsonSerializer.Deserialize<List<Row>>(File.ReadAllText(Repository.PathOf("tests", "data", "handler-golden", "precedence.json")), JsonSerializerOptions.Web)!;

    [GeneratedRegex(@"\\(?:u[0-9a-f]{4}|n|\\|')")]
    private static partial Regex Escape();

    private sealed record Row(string Setting, string Given, string Result);
}
