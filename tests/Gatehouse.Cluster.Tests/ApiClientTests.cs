using System.Text.Json.Nodes;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>Teleport's own Go client library is content with the service.</summary>
public sealed class ApiClientTests : IAsyncLifetime
{
    private static readonly string EventsFile = Repository.PathOf("tests", "data", "real-events", "events.ndjson");
    private static readonly string RecordingsFile = Repository.PathOf("tests", "data", "real-events", "recordings.ndjson");
    private static readonly string[] Window = ["--from", "2026-11-20", "--to", "2026-11-23"];

    private readonly TemporaryFolder _folder = new();
    private RunningCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        await AuditLogImporter.RunAsync(
            new ImportRequest { DataDir = _folder["data"], Files = [EventsFile], Recordings = [RecordingsFile], ClusterName = RunningCluster.Name }, null, default);
        _cluster = await RunningCluster.StartAsync(_folder["data"]);
    }

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task It_pings_by_identity_file_and_by_key_pair()
    {
        foreach (var credential in new[]
        {
            Programs.Identity(await _cluster.IdentityAsync("teleport-event-handler")),
            Programs.KeyPair(await _cluster.KeyPairAsync("teleport-event-handler")),
        })
        {
            var line = Assert.Single((await Programs.ApiClientAsync(_cluster, "ping", credential)).LinesOf("ping"));
            Assert.Equal(RunningCluster.Name, (string?)line["cluster"]);
        }
    }

    [Fact]
    public async Task Every_real_event_comes_back_equal_in_either_order_and_page_by_page()
    {
        var credential = Programs.KeyPair(await _cluster.KeyPairAsync("teleport-event-handler"));
        var expected = RealEvents().ToDictionary(e => (string)e["uid"]!);
        var oldest = (await Programs.ApiClientAsync(_cluster, "events", credential, [.. Window, "--limit", "0", "--page", "100"])).LinesOf("events");
        var newest = (await Programs.ApiClientAsync(_cluster, "events", credential, [.. Window, "--limit", "0", "--page", "1000", "--order", "desc"])).LinesOf("events");
        Assert.Equal(expected.Count, oldest.Count);
        foreach (var line in oldest)
            AssertEqual(expected[(string)line["id"]!], line["event"]!);
        Assert.Equal(oldest.Select(l => (string)l["id"]!).Reverse(), newest.Select(l => (string)l["id"]!));
    }

    [Fact]
    public async Task Types_and_windows_choose_events()
    {
        var credential = Programs.KeyPair(await _cluster.KeyPairAsync("teleport-event-handler"));
        var logins = RealEvents().Where(e => (string)e["event"]! is "user.login" or "user.create").Select(e => (string)e["uid"]!).Order();
        var found = (await Programs.ApiClientAsync(_cluster, "events", credential, [.. Window, "--types", "user.login,user.create", "--page", "7", "--limit", "0"])).LinesOf("events");
        Assert.Equal(logins, found.Select(l => (string)l["id"]!).Order());
        var none = (await Programs.ApiClientAsync(_cluster, "events", credential, "--from", "2020-01-01", "--to", "2020-01-02")).LinesOf("events");
        Assert.Empty(none);
    }

    [Fact]
    public async Task Export_gives_every_event_of_the_day_and_goes_on_behind_a_cursor()
    {
        var credential = Programs.KeyPair(await _cluster.KeyPairAsync("teleport-event-handler"));
        var expected = RealEvents().ToDictionary(e => (string)e["uid"]!);
        foreach (var day in expected.Values.Select(e => ((string)e["time"]!)[..10]).Distinct())
        {
            var ofDay = expected.Where(e => ((string)e.Value["time"]!).StartsWith(day, StringComparison.Ordinal)).Select(e => e.Key).ToHashSet();
            var seen = new HashSet<string>();
            foreach (var chunk in (await Programs.ApiClientAsync(_cluster, "export", credential, "--date", day)).LinesOf("chunks"))
            {
                var name = (string)chunk["chunk"]!;
                var events = (await Programs.ApiClientAsync(_cluster, "export", credential, "--date", day, "--chunk", name)).LinesOf("export");
                foreach (var line in events)
                {
                    Assert.True(seen.Add((string)line["id"]!));
                    AssertEqual(expected[(string)line["id"]!], line["event"]!);
                }
                var middle = events[events.Count / 2];
                var rest = (await Programs.ApiClientAsync(_cluster, "export", credential, "--date", day, "--chunk", name, "--cursor", (string)middle["cursor"]!)).LinesOf("rest");
                Assert.Equal(events.Skip(events.Count / 2 + 1).Select(l => (string)l["id"]!), rest.Select(l => (string)l["id"]!));
            }
            Assert.Equal(ofDay, seen);
        }
        var unknown = await Programs.ApiClientAsync(_cluster, "export", credential, "--date", "2026-11-21", "--chunk", "nope");
        Assert.StartsWith("error: not found:", unknown.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_session_comes_back_from_an_index_on_and_its_reading_is_logged()
    {
        var credential = Programs.Identity(await _cluster.IdentityAsync("teleport-event-handler"));
        var recordings = File.ReadLines(RecordingsFile).Select(l => JsonNode.Parse(l)!).GroupBy(l => (string)l["sid"]!).ToList();
        var longest = recordings.MaxBy(r => r.Count())!;
        var expected = longest.Select(l => l["event"]!).OrderBy(e => (long)e["ei"]!).ToList();
        var all = (await Programs.ApiClientAsync(_cluster, "session", credential, "--id", longest.Key)).LinesOf("session");
        Assert.Equal(expected.Count, all.Count);
        foreach (var (want, got) in expected.Zip(all))
            AssertEqual(want, got["event"]!);
        var later = (await Programs.ApiClientAsync(_cluster, "session", credential, "--id", longest.Key, "--index", "3")).LinesOf("session");
        Assert.Equal(expected.Count(e => (long)e["ei"]! >= 3), later.Count);
        var missing = await Programs.ApiClientAsync(_cluster, "session", credential, "--id", Guid.NewGuid().ToString());
        Assert.StartsWith("error: not found:", missing.Error, StringComparison.Ordinal);
        var logged = (await Programs.ApiClientAsync(_cluster, "events", credential, "--from", "-1h", "--to", "1h", "--types", "session.recording.access")).LinesOf("events");
        Assert.Equal(2, logged.Count);
        Assert.All(logged, line => Assert.Equal("teleport-event-handler", (string?)line["event"]!["user"]));
    }

    private static IEnumerable<JsonNode> RealEvents() => File.ReadLines(EventsFile).Select(line => JsonNode.Parse(line)!);

    private static void AssertEqual(JsonNode expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"expected {expected.ToJsonString()}\nactual {actual.ToJsonString()}");
}
