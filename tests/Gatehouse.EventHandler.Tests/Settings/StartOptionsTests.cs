using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Settings;

public sealed class StartOptionsTests : IDisposable
{
    private static readonly string[] Base =
        ["start", "--fluentd-url=https://h:1/test.log", "--fluentd-session-url=https://h:1/session", "--storage=st", "--teleport-identity=identity"];

    private readonly StartTree _start = new();

    public StartOptionsTests()
    {
        foreach (var file in (string[])["identity", "ca.crt", "client.crt", "client.key", "auth.crt", "auth.key", "auth.cas"])
            _start.Folder.Write(file, "");
    }

    public void Dispose() => _start.Dispose();

    [Fact]
    public async Task Without_a_word_the_plan_has_the_documented_defaults()
    {
        var plan = await _start.AcceptAsync(null, Base);
        Assert.Equal("localhost:3025", plan.Teleport.Addr);
        Assert.Equal(_start.Folder["st"], plan.Storage);
        Assert.Equal(20, plan.Batch);
        Assert.Equal(TimeSpan.FromSeconds(5), plan.Timeout);
        Assert.Equal(TimeSpan.FromHours(24), plan.WindowSize);
        Assert.Equal(TimeSpan.FromMinutes(10), plan.LateWindow);
        Assert.Equal(5, plan.Concurrency);
        Assert.Equal(10, plan.Fluentd.MaxConnections);
        Assert.Equal(1, plan.Fluentd.BatchSize);
        Assert.Equal(4 * 1024 * 1024, plan.Fluentd.BatchBytes);
        Assert.False(plan.Fluentd.Gzip);
        Assert.Equal(["desktop.recording", "print"], plan.SkipSessionTypes.Order());
        Assert.Empty(plan.SkipEventTypes);
        Assert.Empty(plan.Types);
        Assert.Null(plan.StartTime);
        Assert.False(plan.Lock.Enabled);
        Assert.Equal((3, TimeSpan.FromMinutes(1), TimeSpan.Zero), (plan.Lock.FailedAttemptsCount, plan.Lock.Period, plan.Lock.For));
        Assert.Equal("text", plan.LogFormat);
        Assert.Empty(plan.Warnings);
    }

    [Theory]
    [InlineData("start: neither `identity` file nor `cert`, `key` and `ca` files configured; missing flags: --fluentd-session-url=STRING, --fluentd-url=STRING, --storage=STRING", "start")]
    [InlineData("start: configuration setting `identity` is mutually exclusive with the `cert`, `key` and `ca` settings", "+", "--teleport-ca=auth.cas")]
    [InlineData("start: configuration setting(s) `teleport.ca`, `teleport.cert` are provided but setting(s) `teleport.key` are missing", "-", "--teleport-ca=auth.cas", "--teleport-cert=auth.crt")]
    [InlineData("--teleport-identity: stat {dir}/nope: no such file or directory", "-", "--teleport-identity=nope")]
    [InlineData("address [::1: missing ']' in address", "+", "--teleport-addr=[::1")]
    [InlineData("address a:b: invalid port \"b\"", "+", "--teleport-addr=a:b")]
    [InlineData("--fluentd-session-url: it has no path, so the session id would become part of the host name", "+", "--fluentd-session-url=https://h")]
    [InlineData("[forward.fluentd] batch-size is 0", "+", "--fluentd-batch-size=0")]
    [InlineData("[forward.fluentd] batch-bytes is 10", "+", "--fluentd-batch-bytes=10")]
    [InlineData("--fluentd-compression must be one of \"none\",\"gzip\" but got \"zstd\"", "+", "--fluentd-compression=zstd")]
    [InlineData("--window-size is 0s", "+", "--window-size=0s")]
    [InlineData("--late-window is -1m0s", "+", "--late-window=-1m")]
    [InlineData("--lock-period is 0s", "+", "--lock-enabled", "--lock-period=0s")]
    [InlineData("--lock-for is -1s", "+", "--lock-enabled", "--lock-for=-1s")]
    [InlineData("--teleport-refresh-interval is 0s", "+", "--teleport-refresh-enabled", "--teleport-refresh-interval=0s")]
    [InlineData("--diag-addr: address 3000: missing port in address", "+", "--diag-addr=3000")]
    [InlineData("--log-format must be one of \"text\",\"json\" but got \"xml\"", "+", "--log-format=xml")]
    [InlineData("--storage is empty", "+", "--storage=")]
    public async Task A_wrong_setting_is_refused(string expected, params string[] args)
    {
        var run = await _start.RunAsync(null, args[0] switch
        {
            "+" => [.. Base, .. args[1..]],
            "-" => [.. Base[..^1], .. args[1..]],
            _ => args,
        });
        Assert.Equal(1, run.Exit);
        Assert.Equal(expected.Replace("{dir}", _start.Folder.Path, StringComparison.Ordinal).Split("; "), run.Errors);
    }

    [Fact]
    public async Task A_header_that_is_none_is_refused()
    {
        var run = await _start.RunAsync(new Dictionary<string, string> { ["FDFWD_FLUENTD_HEADERS"] = "a b=c" }, Base);
        Assert.Equal((1, "[forward.fluentd.headers] a b: this is not a header name"), (run.Exit, Assert.Single(run.Errors)));
    }

    [Fact]
    public async Task A_token_has_no_place_on_the_command_line_where_everybody_can_read_it()
    {
        var run = await _start.RunAsync(null, [.. Base, "--fluentd-headers=Authorization=Bearer hunter2"]);
        Assert.Equal(1, run.Exit);
        Assert.StartsWith("unknown flag --fluentd-headers", Assert.Single(run.Errors), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.Out + run.Error, StringComparison.Ordinal);
        var plan = await _start.AcceptAsync(new Dictionary<string, string> { ["FDFWD_FLUENTD_HEADERS"] = "Authorization=Bearer hunter2" }, Base);
        Assert.Equal("Bearer hunter2", plan.Fluentd.Headers["Authorization"].Reveal());
    }

    [Theory]
    [InlineData("--timeout is -1s; 100ms is used", "--timeout=-1s")]
    [InlineData("--concurrency is 0; 5 is used", "--concurrency=0")]
    [InlineData("--lock-failed-attempts-count is 0; 1 is used", "--lock-enabled", "--lock-failed-attempts-count=0")]
    [InlineData("namespace \"other\" has no effect: clusters have had only one since 2023", "--namespace=other")]
    [InlineData("--fluentd-session-url: it has a #, so the session id appended to it is never sent", "--fluentd-session-url=https://h/#x")]
    [InlineData("[forward.fluentd] batch-bytes is 99999999", "--fluentd-batch-bytes=99999999")]
    public async Task What_upstream_runs_with_though_it_is_odd_is_a_warning(string expected, params string[] args)
    {
        var plan = await _start.AcceptAsync(null, [.. Base, .. args]);
        Assert.Equal(expected, Assert.Single(plan.Warnings).Text);
    }

    [Fact]
    public async Task Less_than_one_connection_means_twice_the_concurrency()
    {
        Assert.Equal(14, (await _start.AcceptAsync(null, [.. Base, "--concurrency=7", "--fluentd-max-connections=-1"])).Fluentd.MaxConnections);
        Assert.Equal(3, (await _start.AcceptAsync(new Dictionary<string, string> { ["FDWRD_MAX_CONNECTIONS"] = "3" }, Base)).Fluentd.MaxConnections);
        Assert.Equal(4, (await _start.AcceptAsync(new Dictionary<string, string> { ["FDFWD_MAX_CONNECTIONS"] = "4" }, Base)).Fluentd.MaxConnections);
    }

    [Theory]
    [InlineData("FDFWD_FLUENTD_CA", "FDWRD_FLUENTD_CA")]
    [InlineData("FDFWD_FLUENTD_CERT", "FDWRD_FLUENTD_CERT")]
    [InlineData("FDFWD_FLUENTD_KEY", "FDWRD_FLUENTD_KEY")]
    public async Task Both_spellings_of_the_variables_work(params string[] names)
    {
        foreach (var name in names)
        {
            var environment = new Dictionary<string, string> { ["FDFWD_FLUENTD_CERT"] = "client.crt", ["FDFWD_FLUENTD_KEY"] = "client.key" };
            environment.Remove(names[0]);
            environment[name] = "ca.crt";
            var plan = await _start.AcceptAsync(environment, Base);
            Assert.Contains(_start.Folder["ca.crt"], (string?[])[plan.Fluentd.Ca, plan.Fluentd.Cert, plan.Fluentd.Key]);
        }
    }

    [Fact]
    public async Task The_passphrase_comes_from_a_file_without_its_last_newline_or_from_the_environment()
    {
        _start.Folder.Write("pass", "se same \n");
        var plan = await _start.AcceptAsync(null, [.. Base, "--fluentd-key-passphrase-file=pass"]);
        Assert.Equal("se same ", plan.Fluentd.KeyPassphrase!.Reveal());
        plan = await _start.AcceptAsync(new Dictionary<string, string> { ["FDFWD_FLUENTD_KEY_PASSPHRASE"] = "env" }, Base);
        Assert.Equal("env", plan.Fluentd.KeyPassphrase!.Reveal());
        Assert.DoesNotContain(plan.Settings, line => line.Value.Contains("env", StringComparison.Ordinal));
    }

    [Fact]
    public async Task New_settings_of_the_receiver_stand_in_its_section()
    {
        var toml = _start.Folder.Write("x.toml", """
            [forward.fluentd]
            batch-size = 500
            batch-bytes = 1048576
            compression = "gzip"
            key-passphrase-file = "pass"
            max-connections = 32
            [forward.fluentd.headers]
            Authorization = "Bearer s3cret"
            """);
        _start.Folder.Write("pass", "p");
        var plan = await _start.AcceptAsync(null, [.. Base, "-c", toml]);
        Assert.Equal((500, 1048576, true, 32), (plan.Fluentd.BatchSize, plan.Fluentd.BatchBytes, plan.Fluentd.Gzip, plan.Fluentd.MaxConnections));
        Assert.Equal("Bearer s3cret", plan.Fluentd.Headers["authorization"].Reveal());
        Assert.Equal("p", plan.Fluentd.KeyPassphrase!.Reveal());
        Assert.Empty(plan.Warnings);
        Assert.DoesNotContain(plan.Settings, line => line.Value.Contains("s3cret", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_plan_knows_where_each_value_came_from_and_hides_passwords()
    {
        var toml = _start.Folder.Write("x.toml", "batch = 7\n[forward.fluentd]\nurl = 'https://user:pw@h:1/t'\n");
        var plan = await _start.AcceptAsync(new Dictionary<string, string> { ["FDFWD_TIMEOUT"] = "9s" }, ["start", .. Base[2..], "-c", toml]);
        Assert.Equal(("7", $"batch, line 1 of {toml}"), Line("batch"));
        Assert.Equal(("9s", "FDFWD_TIMEOUT"), Line("timeout"));
        Assert.Equal((_start.Folder["identity"], "--teleport-identity"), Line("teleport-identity"));
        Assert.Equal(("24h0m0s", "default"), Line("window-size"));
        Assert.Equal(("https://••••••@h:1/t", $"[forward.fluentd] url, line 3 of {toml}"), Line("fluentd-url"));

        (string, string) Line(string name) => plan.Settings.Where(line => line.Name == name).Select(line => (line.Value, line.Origin.Text)).Single();
    }

    [Fact]
    public async Task A_reload_brings_a_new_plan_or_says_what_is_wrong()
    {
        var toml = _start.Folder.Write("x.toml", "batch = 7\n");
        await _start.AcceptAsync(null, [.. Base, "-c", toml]);
        _start.Folder.Write("x.toml", "batch = 8\nnosuch = 1\n");
        var plan = Assert.IsType<ReloadedPlan.Usable>(StartOptions.Reread(_start.Call!)).Plan;
        Assert.Equal(8, plan.Batch);
        Assert.Contains("unknown key nosuch", Assert.Single(plan.Warnings).Text, StringComparison.Ordinal);
        _start.Folder.Write("x.toml", "batch = [\n");
        var wrong = Assert.IsType<ReloadedPlan.Unusable>(StartOptions.Reread(_start.Call!));
        Assert.Contains("x.toml", wrong.Problems, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_configuration_of_the_public_readme_works_as_it_stands()
    {
        var toml = _start.Folder.Write("teleport-event-handler.toml", """
            storage = "./storage" # Plugin will save it's state here
            timeout = "10s"
            batch = 20
            namespace = "default"

            [fluentd]
            cert = "client.crt"
            key = "client.key"
            ca = "ca.crt"
            url = "https://localhost:8888/test.log"
            session-url = "https://localhost:8888/session" # .<session id>.log will be appended to this URL

            [teleport]
            addr = "localhost:3025" # Default local Teleport instance address
            identity = "identity"   # Identity file exported on previous step
            """);
        var plan = await _start.AcceptAsync(null, "start", "--config", toml, "--start-time", "2021-01-01T00:00:00Z", "--teleport-refresh-enabled", "true");
        Assert.Equal("https://localhost:8888/session", plan.Fluentd.SessionUrl);
        Assert.Equal(_start.Folder["client.key"], plan.Fluentd.Key);
        Assert.Equal(_start.Folder["storage"], plan.Storage);
        Assert.True(plan.Teleport.RefreshEnabled);
        Assert.Empty(plan.Warnings);
    }

    [Fact]
    public async Task The_command_line_of_the_readme_that_forwards_print_events_works()
    {
        var plan = await _start.AcceptAsync(null, [.. Base, "--skip-session-types="]);
        Assert.Empty(plan.SkipSessionTypes);
    }
}
