using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Gatehouse.Events.Generation;
using Xunit;

namespace Gatehouse.Events.Tests;

public class GeneratorTests
{
    private static readonly GeneratorOptions Usual = new()
    {
        Count = 20_000,
        Seed = 1,
        From = new DateTime(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc),
        To = new DateTime(2026, 11, 8, 0, 0, 0, DateTimeKind.Utc),
        Sessions = 500,
    };

    private static readonly Lazy<(JsonObject[] Events, JsonObject[] Recordings)> UsualLog = new(() =>
    {
        var (events, recordings) = Generate(Usual);
        return (Parse(events), Parse(recordings));
    });

    private static (byte[] Events, byte[] Recordings) Generate(GeneratorOptions options)
    {
        using var events = new MemoryStream();
        using var recordings = new MemoryStream();
        new EventGenerator(options).WriteAsync(events, recordings, null, CancellationToken.None).GetAwaiter().GetResult();
        return (events.ToArray(), recordings.ToArray());
    }

    private static JsonObject[] Parse(byte[] lines) =>
        [.. Encoding.UTF8.GetString(lines).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!.AsObject())];

    private static DateTime TimeOf(JsonObject document) =>
        DateTime.Parse((string)document["time"]!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);

    [Fact]
    public void The_same_seed_gives_the_same_bytes()
    {
        var (events, recordings) = Generate(Usual with { Count = 3000, Sessions = 100 });
        var (eventsAgain, recordingsAgain) = Generate(Usual with { Count = 3000, Sessions = 100 });
        Assert.True(events.AsSpan().SequenceEqual(eventsAgain));
        Assert.True(recordings.AsSpan().SequenceEqual(recordingsAgain));
        Assert.False(events.AsSpan().SequenceEqual(Generate(Usual with { Count = 3000, Sessions = 100, Seed = 2 }).Events));
    }

    [Fact]
    public async Task The_events_are_the_same_when_nobody_wants_the_recordings()
    {
        using var alone = new MemoryStream();
        var options = Usual with { Count = 3000, Sessions = 100 };
        await new EventGenerator(options).WriteAsync(alone, null, null, TestContext.Current.CancellationToken);
        Assert.True(alone.ToArray().AsSpan().SequenceEqual(Generate(options).Events));
    }

    [Fact]
    public void There_are_as_many_events_and_sessions_as_asked_for()
    {
        Assert.Equal(20_000, UsualLog.Value.Events.Length);
        Assert.Equal(500, UsualLog.Value.Recordings.Select(line => (string)line["sid"]!).Distinct().Count());
        Assert.Equal(500, UsualLog.Value.Events.Count(document => (string?)document["event"] == "session.upload"));
    }

    [Fact]
    public void At_least_forty_types_come_with_uids_of_their_own()
    {
        Assert.InRange(UsualLog.Value.Events.Select(document => (string)document["event"]!).Distinct().Count(), 60, 300);
        Assert.Equal(20_000, UsualLog.Value.Events.Select(document => (string)document["uid"]!).Distinct().Count());
    }

    [Fact]
    public void Every_event_fits_the_catalogue()
    {
        var catalogue = new Catalogue();
        Assert.Empty(UsualLog.Value.Events.SelectMany(catalogue.Misfits).Distinct());
        // The server adds data to print when it reads a recording back (event-handler spec 5.2).
        Assert.Empty(UsualLog.Value.Recordings.SelectMany(line => catalogue.Misfits(line["event"]!.AsObject()))
            .Where(misfit => !misfit.StartsWith("print: data", StringComparison.Ordinal)).Distinct());
    }

    [Fact]
    public void Events_come_in_order_of_time_within_the_range()
    {
        var times = UsualLog.Value.Events.Select(TimeOf).ToArray();
        Assert.Equal(times.Order(), times);
        Assert.InRange(times[0], Usual.From, Usual.To);
        Assert.InRange(times[^1], Usual.From, Usual.To);
        Assert.True(times[^1] - times[0] > TimeSpan.FromDays(6.9));
    }

    [Fact]
    public void A_session_begins_goes_on_ends_and_is_uploaded()
    {
        var bySession = UsualLog.Value.Events.Where(document => (string?)document["sid"] is { Length: > 0 })
            .ToLookup(document => (string)document["sid"]!);
        var seen = 0;
        foreach (var recording in UsualLog.Value.Recordings.GroupBy(line => (string)line["sid"]!))
        {
            var first = recording.First()["event"]!.AsObject();
            var audit = bySession[(string)first["sid"]!].ToArray();
            var names = audit.Select(document => (string)document["event"]!).ToList();
            Assert.Equal("session.upload", (string?)bySession[recording.Key].Last()["event"]);
            Assert.EndsWith("session.start", names[0]);
            Assert.Contains(names, name => name.EndsWith("session.end", StringComparison.Ordinal));
            Assert.Equal(audit.Select(TimeOf).Order(), audit.Select(TimeOf));
            Assert.Single(audit.Select(document => (string?)document["user"]).Where(user => user is not null && user != (string?)Joined(audit)).Distinct());
            // Indexes of a recording run from 0 without a gap.
            Assert.Equal(Enumerable.Range(0, recording.Count()), recording.Select(line => (int)line["event"]!["ei"]!));
            seen++;
        }
        Assert.Equal(500, seen);
    }

    private static JsonNode? Joined(JsonObject[] audit) => audit.FirstOrDefault(document => (string?)document["event"] == "session.join")?["user"];

    [Fact]
    public void What_log_and_recording_both_have_is_the_same_event()
    {
        var log = UsualLog.Value.Events.ToDictionary(document => (string)document["uid"]!, document => document.ToJsonString());
        var twins = UsualLog.Value.Recordings.Select(line => line["event"]!.AsObject())
            .Where(document => document["uid"] is not null && (string?)document["event"] is not ("resize" or "app.session.request")).ToArray();
        Assert.True(twins.Length > 1000);
        Assert.All(twins, twin => Assert.Equal(log[(string)twin["uid"]!], twin.ToJsonString()));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0)]
    [InlineData(5, 1)]
    [InlineData(500, 100)]
    [InlineData(501, 100)]
    [InlineData(1000, 1)]
    public void Any_mix_of_events_and_sessions_is_exact(int count, int sessions)
    {
        var start = new DateTime(2026, 11, 1, 12, 0, 0, DateTimeKind.Utc).AddTicks(12345);
        var options = Usual with { Count = count, Sessions = sessions, From = start, To = start.AddMilliseconds(3) };
        var (events, recordings) = Generate(options);
        Assert.Equal(count, Parse(events).Length);
        Assert.Equal(sessions, Parse(recordings).Select(line => (string)line["sid"]!).Distinct().Count());
        Assert.All(Parse(events), document => Assert.InRange(TimeOf(document), options.From, options.To));
    }

    [Fact]
    public void Impossible_options_are_all_named()
    {
        var problems = (Usual with { Count = 4, Sessions = 1, To = Usual.From, ClusterName = "a\"b" }).Problems();
        Assert.Equal(3, problems.Count);
        Assert.Throws<ArgumentException>(() => new EventGenerator(Usual with { Count = -1 }));
    }

    [Fact]
    public void Every_generated_event_is_accepted_by_the_reader()
    {
        foreach (var line in Encoding.UTF8.GetString(Generate(Usual with { Count = 2000, Sessions = 50 }).Events).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.True(EventDocument.TryRead(Encoding.UTF8.GetBytes(line), out _, out var problem), problem);
    }
}
