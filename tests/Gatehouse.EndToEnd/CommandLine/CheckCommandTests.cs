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
        var signed = await GatehouseAsync("auth", "sign", "--data-dir", "d", "--user", "teleport-event-handler", "--out", "identity");
        Assert.Equal((0, ""), (signed.Exit, signed.Error));
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var ready = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        var cluster = ClusterProcess.RunAsync(
            new ClusterPlan { DataDir = _folder["d"], AuthAddr = "127.0.0.1:0", Ready = ready.SetResult }, NullLoggerFactory.Instance, stop.Token);
        await Task.WhenAny(ready.Task, cluster);

        var run = await CheckAsync($"127.0.0.1:{(await ready.Task).Port}", $"http://user:hunter2@127.0.0.1:{ReceiverPort}");

        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Exit);
        Assert.Matches(@"ok   credential: .*valid until", run.Out);
        Assert.Matches(@"ok   cluster: .*way: direct", run.Out);
        Assert.Contains("ok   audit log: may be read", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"ok   receiver: .*takes connections", run.Out);
        Assert.Contains("fluentd-url = http://••••••@127.0.0.1", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", run.Out, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder["st"]));
        await stop.CancelAsync();
        await cluster;
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

    /// <summary>A port that was free a moment ago.</summary>
    private static int ReceiverPortOfNobody()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private Task<CommandRun> CheckAsync(string cluster, string receiver) =>
        GatehouseAsync("event-handler", "check", $"--fluentd-url={receiver}/test.log", $"--fluentd-session-url={receiver}/session",
            "--storage=st", "--teleport-identity=identity", $"--teleport-addr={cluster}");

    private Task<CommandRun> GatehouseAsync(params string[] args) => CommandRun.Of(FrontDoor.TreeFor("gatehouse"), _folder.Path, null, args);
}
