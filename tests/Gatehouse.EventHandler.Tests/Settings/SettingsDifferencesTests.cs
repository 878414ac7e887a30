using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Settings;

/// <summary>The lines of docs/differences.md about settings and command line that no other test names.</summary>
public sealed class SettingsDifferencesTests : IDisposable
{
    private static readonly string[] Base =
        ["start", "--fluentd-url=https://h:1/test.log", "--fluentd-session-url=https://h:1/session", "--storage=st", "--teleport-identity=identity"];

    private readonly StartTree _start = new();

    public SettingsDifferencesTests() => _start.Folder.Write("identity", "");

    public void Dispose() => _start.Dispose();

    [Fact]
    public async Task Line_application_name()
    {
        Documented("application-name");
        var run = await _start.RunAsync(null, "strat");
        Assert.StartsWith("Usage: teleport-event-handler <command>", run.Out, StringComparison.Ordinal);
        Assert.StartsWith("teleport-event-handler: error: ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_all_problems()
    {
        Documented("all-problems");
        var run = await _start.RunAsync(null, [.. Base, "--batch=x", "--timeout=1d", "--teleport-addr=nowhere"]);
        Assert.Equal(3, run.Errors.Count);
    }

    [Fact]
    public async Task Line_settings_before_start()
    {
        Documented("settings-before-start");
        var run = await _start.RunAsync(null, [.. Base, "--teleport-addr=nowhere"]);
        Assert.Equal(1, run.Exit);
        Assert.Equal(["address nowhere: missing port in address"], run.Errors);
        Assert.False(Directory.Exists(_start.Folder["st"]));
    }

    [Fact]
    public async Task Line_newer_variables()
    {
        Documented("newer-variables");
        var plan = await _start.AcceptAsync(
            new Dictionary<string, string>
            {
                ["FDFWD_DRY_RUN"] = "true",
                ["FDFWD_EXIT_ON_LAST_EVENT"] = "yes",
                ["FDFWD_CONCURRENCY"] = "7",
                ["FDFWD_WINDOW_SIZE"] = "1h",
                ["FDFWD_DEBUG"] = "1",
            },
            Base);
        Assert.Equal((true, true, 7, TimeSpan.FromHours(1), true), (plan.DryRun, plan.ExitOnLastEvent, plan.Concurrency, plan.WindowSize, plan.Debug));
    }

    [Fact]
    public async Task Line_readme_settings()
    {
        Documented("readme-settings");
        var plan = await _start.AcceptAsync(null, [.. Base, "--cursor=some-id", "--namespace=default"]);
        Assert.Equal("some-id", plan.StartAfterId);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public async Task Line_concurrency_floor()
    {
        Documented("concurrency-floor");
        Assert.Equal(5, (await _start.AcceptAsync(null, [.. Base, "--concurrency=-1"])).Concurrency);
    }

    [Fact]
    public async Task Line_window_size_checked()
    {
        Documented("window-size-checked");
        Assert.Equal(["--window-size is 0s"], (await _start.RunAsync(null, [.. Base, "--window-size=0s"])).Errors);
    }

    [Fact]
    public async Task Line_empty_path()
    {
        Documented("empty-path");
        var plan = await _start.AcceptAsync(null, [.. Base, "--fluentd-ca="]);
        Assert.Null(plan.Fluentd.Ca);
        Assert.Single(plan.Warnings);
    }

    [Fact]
    public async Task Line_unknown_keys()
    {
        Documented("unknown-keys");
        var plan = await _start.AcceptAsync(null, [.. Base, "-c", _start.Folder.Write("x.toml", "batsch = 3")]);
        Assert.Equal("did you mean \"batch\"?", Assert.Single(plan.Warnings).Hint);
    }

    [Fact]
    public async Task Line_switch_with_value()
    {
        Documented("switch-with-value");
        Assert.True((await _start.AcceptAsync(null, [.. Base, "--teleport-refresh-enabled", "true"])).Teleport.RefreshEnabled);
    }

    [Fact]
    public async Task Line_suggestions()
    {
        Documented("suggestions");
        var run = await _start.RunAsync(null, [.. Base, "--teleport-adresse=x:1"]);
        Assert.Equal(["unknown flag --teleport-adresse, did you mean \"--teleport-addr\"?"], run.Errors);
    }

    [Fact]
    public async Task Line_skip_desktop()
    {
        Documented("skip-desktop");
        Assert.Contains("desktop.recording", (await _start.AcceptAsync(null, Base)).SkipSessionTypes);
    }

    [Fact]
    public void Every_line_of_the_page_is_named_by_a_test()
    {
        var tests = string.Concat(Directory.EnumerateFiles(Repository.PathOf("tests"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText));
        // Captured runs are paired with a line and its test in a table of their own, which another test holds against both.
        var pairs = File.ReadAllText(Repository.PathOf("tests", "Gatehouse.EndToEnd", "Golden", "decisions.txt"));
        Assert.All(DifferencesPage.Lines(), line => Assert.True(
            tests.Contains($"\"{line}\"", StringComparison.Ordinal) || pairs.Contains($"| {line} |", StringComparison.Ordinal), $"no test names {line}"));
    }

    private static void Documented(string line) => Assert.Contains(line, DifferencesPage.Lines());
}
