using System.Net;
using System.Net.Sockets;
using Gatehouse.Cli;
using Gatehouse.Cluster;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EndToEnd.CommandLine;

/// <summary><c>check</c> against a real auth service and a port that takes connections.</summary>
public sealed class CheckCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TcpListener _receiver = new(IPAddress.Loopback, 0);

    public CheckCommandTests() => _receiver.Start();

    private int ReceiverPort => ((IPEndPoint)_receiver.LocalEndpoint).Port;

    public void Dispose()
    {
        _receiver.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Check_says_what_works_and_exports_nothing()
    {
        var run = await CheckAsRoleAsync("teleport-event-handler", $"http://user:hunter2@127.0.0.1:{ReceiverPort}");

        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"ok   credential: .*valid until", run.Out);
        Assert.Matches(@"ok   cluster: .*way: direct", run.Out);
        Assert.Contains("ok   audit log: may be read", run.Out, StringComparison.Ordinal);
        Assert.Contains("ok   recordings: may be read", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("locks:", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"ok   receiver: .*takes connections", run.Out);
        Assert.Contains("fluentd-url = http://••••••@127.0.0.1", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["st"]));
    }

    [Theory]
    [InlineData("""{"resources":["event"],"verbs":["list","read"]}""", "FAIL recordings: access denied")]
    [InlineData("""{"resources":["event","session"],"verbs":["list","read"]}""", "FAIL locks: access denied")]
    [InlineData("""{"resources":["session"],"verbs":["list","read"]}""", "FAIL audit log: access denied")]
    public async Task A_right_that_the_role_lacks_is_told(string rule, string expected)
    {
        WriteRole("few", rule);
        var run = await CheckAsRoleAsync("few", $"http://127.0.0.1:{ReceiverPort}", "--lock-enabled");
        Assert.Equal(1, run.Exit);
        Assert.Contains(expected, run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_right_to_lock_is_asked_for_without_a_lock()
    {
        WriteRole("all", """{"resources":["event","session","lock"],"verbs":["list","read","create","update"]}""");
        var run = await CheckAsRoleAsync("all", $"http://127.0.0.1:{ReceiverPort}", "--lock-enabled");
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.Contains("ok   locks: may be made", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("event-handler-check", string.Concat(Directory.GetFiles(_folder["d"], "*", SearchOption.AllDirectories)
            .Where(file => !file.EndsWith(".lock", StringComparison.Ordinal)).Select(File.ReadAllText)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Recordings_are_not_asked_for_when_none_is_wanted()
    {
        WriteRole("few", """{"resources":["event"],"verbs":["list","read"]}""");
        var run = await CheckAsRoleAsync("few", $"http://127.0.0.1:{ReceiverPort}", "--types=user.login");
        Assert.Equal((0, ""), (run.Exit, run.Error));
        Assert.DoesNotContain("recordings:", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_time_that_differs_from_the_states_is_told_and_the_state_left_alone()
    {
        const string Stored = "2026-11-20T00:00:00Z";
        var state = Directory.CreateDirectory(_folder[Path.Combine("st", "127.0.0.1_1")]).FullName;
        await File.WriteAllTextAsync(Path.Combine(state, "start_time"), Stored, TestContext.Current.CancellationToken);
        _folder.Write("identity", "no identity");
        var same = await CheckAsync("127.0.0.1:1", $"http://127.0.0.1:{ReceiverPort}", $"--start-time={Stored}");
        Assert.Matches(@"ok   state: .* is there", same.Out);
        var changed = await CheckAsync("127.0.0.1:1", $"http://127.0.0.1:{ReceiverPort}", "--start-time=2026-11-21T00:00:00Z");
        Assert.Contains("FAIL state: You can not change start time in the middle of ingestion", changed.Out, StringComparison.Ordinal);
        Assert.Equal(["start_time"], Directory.GetFileSystemEntries(state).Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public async Task Check_says_all_that_does_not_work_and_ends_with_one()
    {
        _folder.Write("identity", "no identity");
        _receiver.Stop();
        var run = await CheckAsync("127.0.0.1:1", $"http://127.0.0.1:{ReceiverPortOfNobody()}");
        Assert.Equal(1, run.Exit);
        Assert.Matches(@"FAIL credential: .*could not be decoded", run.Out);
        Assert.Matches(@"FAIL receiver: .*refused", run.Out);
    }

    [Fact]
    public async Task A_cursor_without_a_start_time_is_told()
    {
        _folder.Write("identity", "no identity");
        var run = await CheckAsync("127.0.0.1:1", $"http://127.0.0.1:{ReceiverPort}", "--cursor=some-id");
        Assert.Matches("FAIL state: .*cursor", run.Out);
        Assert.False(Directory.Exists(_folder["st"]));
    }

    /// <summary>A port that was free a moment ago.</summary>
    private static int ReceiverPortOfNobody()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private void WriteRole(string name, string rule)
    {
        Directory.CreateDirectory(_folder["d"]);
        File.WriteAllText(Path.Combine(_folder["d"], "roles.json"), $$"""[{"name":"{{name}}","rules":[{{rule}}]}]""");
    }

    private async Task<CommandRun> CheckAsRoleAsync(string role, string receiver, params string[] further)
    {
        var signed = await GatehouseAsync("auth", "sign", "--data-dir", "d", "--user", "teleport-event-handler", "--roles", role, "--out", "identity");
        Assert.Equal((0, ""), (signed.Exit, signed.Error));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var ready = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        var cluster = ClusterProcess.RunAsync(
            new ClusterPlan { DataDir = _folder["d"], AuthAddr = "127.0.0.1:0", Ready = ready.SetResult }, NullLoggerFactory.Instance, stop.Token);
        await Task.WhenAny(ready.Task, cluster);
        var run = await CheckAsync($"127.0.0.1:{(await ready.Task).Port}", receiver, further);
        await stop.CancelAsync();
        await cluster;
        return run;
    }

    private Task<CommandRun> CheckAsync(string cluster, string receiver, params string[] further) =>
        GatehouseAsync(["event-handler", "check", $"--fluentd-url={receiver}/test.log", $"--fluentd-session-url={receiver}/session",
            "--storage=st", "--teleport-identity=identity", $"--teleport-addr={cluster}", .. further]);

    private Task<CommandRun> GatehouseAsync(params string[] args) => CommandRun.Of(FrontDoor.TreeFor("gatehouse"), _folder.Path, null, args);
}
