using Gatehouse.Cluster.AuditLog;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

public sealed class ChunkTests
{
    private static readonly DateOnly Day = new(2026, 11, 21);

    [Fact]
    public async Task An_event_is_exported_once_its_segment_is_old_enough_and_not_before()
    {
        using var folder = new TemporaryFolder();
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 21, 0, 0, 0, TimeSpan.Zero));
        await using var log = Some.Log(folder["data"], time, new EventLogOptions { SealAfter = TimeSpan.FromSeconds(3) });
        await log.AppendAsync(Some.Event("e0", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        Assert.Empty(new ChunkExport(log).Chunks(Day));
        Assert.Equal(["e0"], Some.Ids(log, Some.Search()));
        time.Advance(TimeSpan.FromSeconds(3));
        // The next group of work finds the segment old; this one waits for it without waiting for time.
        await log.AppendAsync(Some.Event("other-day", "2026-11-22T00:00:00Z"), TestContext.Current.CancellationToken);
        await log.AppendAsync(Some.Event("other-day-2", "2026-11-22T00:00:00Z"), TestContext.Current.CancellationToken);
        Assert.Equal(["e0"], (await Some.ExportAsync(log, Day)).Select(e => e.Id));
    }

    [Fact]
    public async Task A_late_event_makes_a_new_chunk_of_its_day_and_changes_no_old_one()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        await log.AppendAsync(Some.Event("e0", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        await log.AppendAsync(Some.Event("next", "2026-11-22T00:00:00Z"), TestContext.Current.CancellationToken);
        await log.SealAsync(TestContext.Current.CancellationToken);
        var before = await Some.ExportAsync(log, Day);
        await log.AppendAsync(Some.Event("late", "2026-11-21T23:59:59.999999999Z"), TestContext.Current.CancellationToken);
        await log.SealAsync(TestContext.Current.CancellationToken);
        var after = await Some.ExportAsync(log, Day);
        Assert.Equal(before, after.Take(1));
        Assert.Equal("late", after[1].Id);
        Assert.NotEqual(after[0].Chunk, after[1].Chunk);
    }

    [Fact]
    public async Task A_large_segment_is_sealed_at_once_and_long_messages_pass()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"], options: new EventLogOptions { SealAfter = TimeSpan.FromHours(1), SegmentBytes = 1_000_000 });
        for (var i = 0; i < 6; i++)
            await log.AppendAsync(Some.Event($"e{i}", "2026-11-21T00:00:00Z", filler: new string('x', i % 2 == 0 ? 2_000_000 : 300_000)), TestContext.Current.CancellationToken);
        await log.SealAsync(TestContext.Current.CancellationToken);
        var events = await Some.ExportAsync(log, Day);
        Assert.Equal(["e0", "e1", "e2", "e3", "e4", "e5"], events.Select(e => e.Id));
        Assert.True(events.Select(e => e.Chunk).Distinct().Count() >= 3);
    }

    [Fact]
    public async Task Every_cursor_is_the_place_behind_its_event()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        for (var i = 0; i < 20; i++)
            await log.AppendAsync(Some.Event($"e{i}", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        await log.SealAsync(TestContext.Current.CancellationToken);
        var events = await Some.ExportAsync(log, Day);
        for (var i = 0; i < events.Count; i++)
        {
            Assert.True(ExportCursor.TryParse(events[i].Cursor, out var skip));
            Assert.Equal(events.Count - i - 1, (await Some.MessagesAsync(new ChunkExport(log).Find(Day, events[i].Chunk)!, skip)).Count);
        }
        Assert.False(ExportCursor.TryParse("a1:3", out _));
    }

    [Fact]
    public async Task What_is_no_event_is_refused_and_the_log_goes_on()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        foreach (var bad in new[] { "", "[]", "{}", "{\"event\":\"x\"}", "{\"event\":\"x\",\"time\":\"yesterday\"}", "{\"event\":\"x\",\"time\":\"1066-10-14T00:00:00Z\"}" })
            await Assert.ThrowsAsync<InvalidDataException>(() => log.AppendAsync(System.Text.Encoding.UTF8.GetBytes(bad), TestContext.Current.CancellationToken));
        await log.AppendAsync(Some.Event("e0", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        Assert.Equal(["e0"], Some.Ids(log, Some.Search()));
    }

    [Fact]
    public async Task Many_who_log_at_once_are_all_answered_and_all_found()
    {
        using var folder = new TemporaryFolder();
        await using (var log = Some.Log(folder["data"]))
        {
            await Task.WhenAll(Enumerable.Range(0, 500).Select(i =>
                log.AppendAsync(Some.Event($"e{i}", $"2026-11-2{i % 3}T00:00:00Z"), TestContext.Current.CancellationToken)));
            Assert.Equal(500, Some.Ids(log, Some.Search(limit: 33)).Distinct().Count());
        }
        await using var again = Some.Log(folder["data"]);
        Assert.Equal(500, Some.Ids(again, Some.Search(limit: 33, newestFirst: true)).Distinct().Count());
    }

    [Fact]
    public async Task A_day_that_cannot_be_written_refuses_its_events_and_hurts_no_other()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        await File.WriteAllTextAsync(folder["data", "log", "2026-11-21"], "in the way", TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<IOException>(() => log.AppendAsync(Some.Event("e0", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken));
        await log.AppendAsync(Some.Event("e1", "2026-11-22T00:00:00Z"), TestContext.Current.CancellationToken);
        Assert.Equal(["e1"], Some.Ids(log, Some.Search()));
        File.Delete(folder["data", "log", "2026-11-21"]);
        await log.AppendAsync(Some.Event("e0", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        Assert.Equal(["e0", "e1"], Some.Ids(log, Some.Search()));
    }
}
