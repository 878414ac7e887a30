using System.Text.Json.Nodes;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Up;

/// <summary>The whole pipeline on one machine: auth service, handler and receiver in one process, over real connections.</summary>
public sealed class UpTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Up => _folder["up"];

    [Fact]
    public async Task It_catches_up_ends_on_a_signal_and_goes_on_where_it_was()
    {
        string[] arguments = ["--events", "600", "--seed", "7", "--new-events", "0"];
        await using (var first = Start(arguments))
        {
            await first.WhenPrintsAsync("Caught up");
            first.Signal(RunningProgram.Int);
            var end = await first.EndAsync();
            Assert.Equal((0, ""), (end.Exit, end.Errors));
        }
        var before = await File.ReadAllLinesAsync(_folder["up", "events.ndjson"], TestContext.Current.CancellationToken);
        Assert.True(before.Length >= 600, $"{before.Length} events arrived");
        var recordings = Recordings();
        Assert.NotEmpty(recordings);

        await using (var second = Start(arguments))
        {
            await second.WhenPrintsAsync("Caught up");
            second.Signal(RunningProgram.Term);
            var end = await second.EndAsync();
            Assert.Equal((0, ""), (end.Exit, end.Errors));
        }
        var after = await File.ReadAllLinesAsync(_folder["up", "events.ndjson"], TestContext.Current.CancellationToken);
        // A start issues the handler's certificate, which is an event too.
        Assert.True(after.Length > before.Length, "nothing came after the second start");
        Assert.Equal(before, after[..before.Length]);
        Assert.Equal(after.Length, after.Select(IdOf).Distinct().Count());
        Assert.Equal(recordings, Recordings());
    }

    [Fact]
    public async Task An_imported_log_arrives_event_by_event()
    {
        string[] lines =
        [
            """{"ei":0,"event":"user.login","uid":"00000000-0000-4000-8000-000000000001","code":"T1000I","time":"2026-03-01T10:00:00.001Z","cluster_name":"c","user":"ä \"quoted\"\n€ 😀","success":true}""",
            """{"ei":0,"event":"session.start","uid":"00000000-0000-4000-8000-000000000002","code":"T2000I","time":"2026-03-02T10:00:00Z","cluster_name":"c","addr.local":"[::1]:3022","list":[1,2.5,1e21,-0.25,{"a":null}]}""",
            """{"ei":3,"event":"something.new","uid":"00000000-0000-4000-8000-000000000003","code":"X0001I","time":"2026-03-04T23:59:59.999999999Z","cluster_name":"c","empty":{},"none":[]}""",
        ];
        var log = _folder.Write("events.log", string.Join('\n', lines) + "\n");
        await using var up = Start("--import", log);
        await up.WhenPrintsAsync("Caught up");
        up.Signal(RunningProgram.Term);
        Assert.Equal(0, (await up.EndAsync()).Exit);

        var arrived = (await File.ReadAllLinesAsync(_folder["up", "events.ndjson"], TestContext.Current.CancellationToken)).ToDictionary(IdOf);
        foreach (var line in lines)
            Assert.True(JsonNode.DeepEquals(JsonNode.Parse(line), JsonNode.Parse(arrived[IdOf(line)])), $"not equal: {arrived[IdOf(line)]}");
    }

    [Fact]
    public async Task A_folder_in_use_is_refused()
    {
        await using var first = Start("--events", "50", "--new-events", "0");
        await first.WhenPrintsAsync("Caught up");
        await using var second = Start("--events", "50");
        var end = await second.EndAsync();
        Assert.Equal(1, end.Exit);
        Assert.Contains($"{Up} is in use by another gatehouse up", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_wrong_with_the_flags_is_said_at_once()
    {
        await using var up = Start("--import", "no-such-file", "--events=-1", "--fluentd-session-url", "http://localhost/s");
        var end = await up.EndAsync();
        Assert.Equal(1, end.Exit);
        Assert.Contains("no-such-file does not exist", end.Errors, StringComparison.Ordinal);
        Assert.Contains("--events must not be negative", end.Errors, StringComparison.Ordinal);
        Assert.Contains("--fluentd-session-url is of no use without --fluentd-url", end.Errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Up));
    }

    public void Dispose() => _folder.Dispose();

    private RunningProgram Start(params IEnumerable<string> arguments) =>
        RunningProgram.Start(Binaries.Gatehouse, _folder.Path, null, null, ["up", "--dir", Up, .. arguments]);

    private static string IdOf(string line) => (string)JsonNode.Parse(line)!["uid"]!;

    /// <summary>What arrived of each recording.</summary>
    private SortedDictionary<string, string> Recordings() =>
        new(Directory.EnumerateFiles(_folder["up", "sessions"]).ToDictionary(path => Path.GetFileName(path), File.ReadAllText), StringComparer.Ordinal);
}
