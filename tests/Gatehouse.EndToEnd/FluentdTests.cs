using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Gatehouse.Cli;
using Gatehouse.Cluster;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>
/// The whole way into a real Fluentd, with the certificates, fluent.conf and TOML file that <c>configure</c> wrote; only the folder of
/// the keys and the ports are changed in them. Runs where a program <c>fluentd</c> (1.16 or newer) is on PATH. Debian has no package of it, so
/// it is skipped elsewhere, in CI too; docs/outputs/fluentd.md has what was seen.
/// </summary>
public sealed class FluentdTests : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly FluentdLines _lines = new();
    private readonly int _port = FreePort();
    private Task _cluster = Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _cluster;
        _stop.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(500)]
    [InlineData(1)]
    public async Task Every_event_arrives_once_and_whole(int batchSize)
    {
        var fluentd = Peer.Optional("fluentd");
        var expected = await PrepareAsync(batchSize);
        using var running = await StartFluentdAsync(fluentd);

        var handler = await HandlerAsync();

        Assert.Equal(0, handler.ExitCode);
        Assert.DoesNotContain("level=warning", handler.Errors + handler.Output, StringComparison.Ordinal);
        await _lines.WhenSeenAsync(expected.Keys, TestContext.Current.CancellationToken);
        var arrived = _lines.Records.Where(record => expected.ContainsKey(record.Key)).ToList();
        Assert.Equal(expected.Count, arrived.Count);
        foreach (var record in arrived)
        {
            var (tag, document) = expected[record.Key];
            Assert.Equal(tag, record.Tag);
            Assert.True(JsonNode.DeepEquals(document, record.Document), record.Document.ToJsonString());
            // Fluentd's own time of the record is the event's, with its fraction.
            Assert.Equal(DateTimeOffset.Parse(document["time"]!.GetValue<string>(), CultureInfo.InvariantCulture), record.Time);
        }
        Assert.Empty(_lines.Complaints);
    }

    [Fact]
    public async Task Nothing_is_lost_when_fluentd_is_killed_and_comes_back()
    {
        var fluentd = Peer.Optional("fluentd");
        var expected = await PrepareAsync(batchSize: 20);
        var first = await StartFluentdAsync(fluentd);
        var handling = HandlerAsync();
        await _lines.WhenCountedAsync(300, TestContext.Current.CancellationToken);
        first.Dispose();

        using var second = await StartFluentdAsync(fluentd);

        Assert.Equal(0, (await handling).ExitCode);
        await _lines.WhenSeenAsync(expected.Keys, TestContext.Current.CancellationToken);
    }

    /// <summary>A cluster with a log and recordings, and everything <c>configure</c> writes.</summary>
    /// <returns>What must arrive.</returns>
    private async Task<Dictionary<RecordKey, (string Tag, JsonNode Document)>> PrepareAsync(int batchSize)
    {
        await GatehouseAsync("events", "generate", "--count", "2000", "--sessions", "20", "--out", "events.ndjson", "--recordings", "recordings.ndjson");
        await GatehouseAsync("audit-log", "import", "--data-dir", "data", "--cluster-name", "example.test", "events.ndjson", "--recordings", "recordings.ndjson");
        await GatehouseAsync("auth", "sign", "--data-dir", "data", "--user", "teleport-event-handler", "--out", "identity");
        var ready = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        _cluster = ClusterProcess.RunAsync(
            new ClusterPlan { DataDir = _folder["data"], AuthAddr = "127.0.0.1:0", Ready = ready.SetResult }, NullLoggerFactory.Instance, _stop.Token);
        await await Task.WhenAny(ready.Task, _cluster);

        Directory.CreateDirectory(_folder["conf"]);
        var configured = Testing.Program.Run(Binaries.Gatehouse, _folder.Path, "event-handler", "configure", "conf", (await ready.Task).ToString(), "--length", "2048");
        Assert.Equal((0, ""), (configured.ExitCode, configured.Errors));
        Edit("fluent.conf", ("/keys/", _folder["conf"] + "/"), ("port 8888", $"port {_port}"));
        Edit("teleport-event-handler.toml", ("localhost:8888", $"localhost:{_port}"), ("batch-size = 500", $"batch-size = {batchSize}"));

        var expected = new Dictionary<RecordKey, (string, JsonNode)>();
        foreach (var line in await File.ReadAllLinesAsync(_folder["events.ndjson"], TestContext.Current.CancellationToken))
        {
            var document = JsonNode.Parse(line)!;
            expected.Add(RecordKey.Of("test.log", document), ("test.log", document));
        }
        foreach (var line in await File.ReadAllLinesAsync(_folder["recordings.ndjson"], TestContext.Current.CancellationToken))
        {
            var entry = JsonNode.Parse(line)!;
            var document = entry["event"]!;
            // What --skip-session-types leaves out unless told otherwise.
            if (document["event"]!.GetValue<string>() is "print" or "desktop.recording")
                continue;
            var tag = $"session.{entry["sid"]}.log";
            expected.Add(RecordKey.Of(tag, document), (tag, document));
        }
        return expected;
    }

    private void Edit(string name, params (string From, string To)[] changes)
    {
        var text = File.ReadAllText(_folder["conf", name]);
        foreach (var (from, to) in changes)
        {
            Assert.Contains(from, text, StringComparison.Ordinal);
            text = text.Replace(from, to, StringComparison.Ordinal);
        }
        _folder.Write(Path.Combine("conf", name), text);
    }

    private Task<PeerProcess> StartFluentdAsync(string fluentd) =>
        PeerProcess.StartAsync(fluentd, _folder.Path, ["-c", _folder["conf", "fluent.conf"]], _lines.Take, TestContext.Current.CancellationToken);

    private Task<ProgramResult> HandlerAsync() => Task.Run(
        () => Testing.Program.Run(
            Binaries.Gatehouse, _folder.Path, "event-handler", "start", "-c", _folder["conf", "teleport-event-handler.toml"], "--start-time", "2026-01-01T00:00:00Z", "--exit-on-last-event"),
        TestContext.Current.CancellationToken);

    private async Task GatehouseAsync(params string[] args)
    {
        var run = await CommandRun.Of(FrontDoor.TreeFor("gatehouse"), _folder.Path, null, args);
        Assert.Equal((0, ""), (run.Exit, run.Error));
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
