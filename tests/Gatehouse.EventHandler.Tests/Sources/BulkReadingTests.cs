using Gatehouse.Api.AuditLog.V1;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class BulkReadingTests : IAsyncLifetime
{
    private static readonly DateTime Noon = SourceRun.Noon.UtcDateTime;
    private static readonly DateOnly Today = DateOnly.FromDateTime(Noon);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await ScriptedCluster.StartAsync();
        _cluster.HasExport = true;
    }

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    private static ExportPlan PlanFrom(DateOnly day) =>
        SourceRun.Plan() with { StartTime = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) };

    private static IEnumerable<EventUnstructured> Events(DateOnly day, string prefix, int count, string type = "user.login") =>
        ScriptedEvents.Series(prefix, count, day.ToDateTime(new TimeOnly(10, 0)), TimeSpan.FromMilliseconds(10), type);

    [Fact]
    public async Task Every_event_of_every_chunk_of_every_day_comes_once()
    {
        var expected = 0;
        for (var day = Today.AddDays(-9); day <= Today; day = day.AddDays(1))
        {
            for (var chunk = 0; chunk < 12; chunk++)
            {
                var count = chunk == 0 ? 3000 : chunk * 5 + 1;
                _cluster.Export.Add(day, $"chunk-{chunk}", Events(day, $"{day:MMdd}-{chunk}", count));
                expected += count;
            }
        }

        await using var run = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(Today.AddDays(-9)));

        Assert.Equal(expected, run.Delivered.Count);
        Assert.Equal(expected, run.Delivered.Distinct().Count());
    }

    [Fact]
    public async Task Events_within_a_chunk_keep_their_order()
    {
        _cluster.Export.Add(Today, "a", Events(Today, "a", 2500));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(Today));

        Assert.Equal(Enumerable.Range(0, 2500).Select(i => $"a-{i}"), run.Delivered);
    }

    [Trait("Difference", "bulk-types")]
    [Fact]
    public async Task Filters_hold_in_bulk_mode_too()
    {
        _cluster.Export.Add(Today, "a", Events(Today, "a", 10, "wanted"));
        _cluster.Export.Add(Today, "b", Events(Today, "b", 10, "other"));
        _cluster.Export.Add(Today, "c", Events(Today, "c", 10, "skipped"));

        var plan = PlanFrom(Today) with { Types = ["wanted", "skipped"], SkipEventTypes = new HashSet<string> { "skipped" } };
        await using var run = await SourceRun.ToTheEndAsync(_cluster, plan);

        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"a-{i}"), run.Delivered);
        Assert.Equal([new("other", 10), new("skipped", 10)], run.Filtered);
    }

    [Trait("Difference", "bulk-start-time")]
    [Fact]
    public async Task The_start_time_is_the_oldest_event_time_also_within_its_day()
    {
        _cluster.Export.Add(Today, "a", Events(Today, "a", 100));

        var start = new DateTimeOffset(Today.ToDateTime(new TimeOnly(10, 0)), TimeSpan.Zero);
        _cluster.Export.Add(Today, "early", ScriptedEvents.Make("early", start.UtcDateTime.AddSeconds(-1)));
        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan() with { StartTime = start });

        Assert.Equal(100, run.Delivered.Count);
        Assert.DoesNotContain("early", run.Delivered);
    }

    [Fact]
    public async Task A_slow_stream_does_not_hold_back_the_events_it_gave()
    {
        var chunk = _cluster.Export.AddOpen(Today, "slow");
        await using var run = SourceRun.Start(_cluster, PlanFrom(Today));

        for (var i = 0; i < 5; i++)
        {
            chunk.Add(ScriptedEvents.Make($"e-{i}", Noon));
            await run.UntilDeliveredAsync(i + 1);
        }

        Assert.Contains(run.Changes, change => change is StateChange.ChunkAdvanced { Cursor: "a1:4" });
        Assert.DoesNotContain(run.Changes, change => change is StateChange.ChunkCompleted);
        chunk.Seal();
        await run.UntilAsync(() => run.Changes.Any(change => change is StateChange.ChunkCompleted));
    }

    [Fact]
    public async Task New_chunks_of_today_are_found()
    {
        await using var run = SourceRun.Start(_cluster, PlanFrom(Today));
        for (var i = 0; i < 10; i++)
        {
            _cluster.Export.Add(Today, $"chunk-{i}", ScriptedEvents.Make($"e-{i}", Noon));
            await run.UntilDeliveredAsync(i + 1);
        }

        Assert.Equal(10, run.Delivered.Distinct().Count());
    }

    [Fact]
    public async Task Late_chunks_of_the_last_two_days_are_picked_up()
    {
        _cluster.Export.Add(Today, "a", Events(Today, "today", 3));
        await using var run = SourceRun.Start(_cluster, PlanFrom(Today.AddDays(-5)));
        await run.UntilDeliveredAsync(3);

        _cluster.Export.Add(Today.AddDays(-1), "late-1", Events(Today.AddDays(-1), "late-1", 2));
        _cluster.Export.Add(Today.AddDays(-2), "late-2", Events(Today.AddDays(-2), "late-2", 2));
        await run.UntilDeliveredAsync(7);

        Assert.Equal(7, run.Delivered.Distinct().Count());
    }

    [Fact]
    public async Task A_new_day_is_begun_after_midnight_and_the_third_before_it_is_closed()
    {
        var clock = new WaitingClock(new DateTimeOffset(Today.ToDateTime(new TimeOnly(23, 59, 30)), TimeSpan.Zero));
        var state = new HandlerState();
        await using var run = SourceRun.Start(_cluster, PlanFrom(Today.AddDays(-2)), state, clock);
        await run.UntilAsync(() => state.Days.Count == 3);
        _cluster.Export.Add(Today.AddDays(1), "a", Events(Today.AddDays(1), "tomorrow", 1));

        await run.UntilDeliveredAsync(1);
        await run.UntilAsync(() => state.ClosedThrough is not null);

        Assert.Equal([Today.AddDays(-1), Today, Today.AddDays(1)], state.Days.Keys);
        Assert.Equal(Today.AddDays(-2), state.ClosedThrough);
    }

    [Fact]
    public async Task At_most_three_chunks_of_a_day_are_read_at_once()
    {
        var chunks = Enumerable.Range(0, 10).Select(i => _cluster.Export.AddOpen(Today, $"open-{i}")).ToArray();
        await using var run = SourceRun.Start(_cluster, PlanFrom(Today));
        foreach (var chunk in chunks)
            chunk.Add(ScriptedEvents.Make($"{Guid.NewGuid()}", Noon));
        await run.UntilDeliveredAsync(3);
        var lists = Lists();
        await run.UntilAsync(() => Lists() > lists + 5);

        Assert.Equal(3, run.Delivered.Count);
        foreach (var chunk in chunks)
            chunk.Seal();
        await run.UntilDeliveredAsync(10);

        int Lists() => _cluster.Calls.Count(call => call.Method == "GetEventExportChunks");
    }

    [Fact]
    public async Task The_end_is_reached_only_when_every_stream_ended()
    {
        var chunk = _cluster.Export.AddOpen(Today.AddDays(-1), "open");
        chunk.Add(ScriptedEvents.Make("e-0", Noon.AddDays(-1)));
        await using var run = SourceRun.Start(_cluster, PlanFrom(Today.AddDays(-1)) with { ExitOnLastEvent = true });
        await run.UntilDeliveredAsync(1);
        Assert.False(run.Ended.IsCompleted);

        chunk.Add(ScriptedEvents.Make("e-1", Noon.AddDays(-1)));
        chunk.Seal();
        await run.UntilEndedAsync();

        Assert.Equal(["e-0", "e-1"], run.Delivered);
        Assert.Contains(run.Logger.Lines, line => line.Text == "All events are processed, exiting...");
    }
}
