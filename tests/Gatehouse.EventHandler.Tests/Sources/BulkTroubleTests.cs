using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class BulkTroubleTests : IAsyncLifetime
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

    private static IEnumerable<EventUnstructured> Events(DateOnly day, string prefix, int count) =>
        ScriptedEvents.Series(prefix, count, day.ToDateTime(new TimeOnly(1, 0)), TimeSpan.FromMilliseconds(10));

    [Theory]
    [InlineData(GrpcStatus.Unavailable)]
    [InlineData(GrpcStatus.Internal)]
    [InlineData(GrpcStatus.DataLoss)]
    public async Task A_stream_that_breaks_is_opened_again_behind_the_last_event_it_gave(GrpcStatus status)
    {
        var chunk = _cluster.Export.Add(Today, "a", Events(Today, "a", 100));
        chunk.FailOnceAt(0, status);
        chunk.FailOnceAt(1, status);
        chunk.FailOnceAt(50, status);
        chunk.FailOnceAt(50, status);
        chunk.FailOnceAt(100, status);

        await using var run = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(Today));

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"a-{i}"), run.Delivered);
        var cursors = _cluster.Calls.Select(call => call.Request).OfType<ExportUnstructuredEventsRequest>().Select(request => request.Cursor);
        Assert.Equal(["", "", "a1:0", "a1:49", "a1:49", "a1:99"], cursors);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_restart_anywhere_goes_on_at_exactly_the_checkpoint(int seed)
    {
        var random = new Random(seed);
        var expected = new List<string>();
        for (var day = Today.AddDays(-3); day <= Today; day = day.AddDays(1))
        {
            for (var chunk = 0; chunk < 8; chunk++)
            {
                var events = Events(day, $"{day:MMdd}-{chunk}", random.Next(1, 120)).ToArray();
                _cluster.Export.Add(day, $"chunk-{chunk}", events);
                expected.AddRange(events.Select(e => e.Id));
            }
        }
        var state = new HandlerState();
        var delivered = new List<string>();
        while (delivered.Count < expected.Count)
        {
            await using var run = SourceRun.Start(_cluster, PlanFrom(Today.AddDays(-3)), state);
            await run.UntilDeliveredAsync(Math.Min(random.Next(1, 200), expected.Count - delivered.Count));
            await run.StopAsync();
            delivered.AddRange(run.Delivered);
        }
        await using var rest = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(Today.AddDays(-3)), state);

        Assert.Empty(rest.Delivered);
        Assert.Equal(expected.Order(), delivered.Order());
    }

    [Trait("Difference", "bulk-start-day")]
    [Fact]
    public async Task A_start_time_in_the_afternoon_does_not_make_its_day_come_again()
    {
        var state = new HandlerState();
        var plan = SourceRun.Plan() with { StartTime = SourceRun.Noon };
        _cluster.Export.Add(Today, "a", ScriptedEvents.Make("e", Noon));
        await using (var first = await SourceRun.ToTheEndAsync(_cluster, plan, state))
            Assert.Single(first.Delivered);

        await using var run = await SourceRun.ToTheEndAsync(_cluster, plan, state);

        Assert.Empty(run.Delivered);
    }

    [Trait("Difference", "bulk-missing-chunk")]
    [Fact]
    public async Task A_listed_chunk_that_is_not_there_holds_up_no_other_and_is_read_when_it_appears()
    {
        var yesterday = Today.AddDays(-1);
        for (var i = 0; i < 5; i++)
            _cluster.Export.AddGhost(yesterday, $"ghost-{i}");
        _cluster.Export.Add(yesterday, "a", Events(yesterday, "yesterday", 10));
        _cluster.Export.Add(Today, "a", Events(Today, "today", 10));
        await using var run = SourceRun.Start(_cluster, PlanFrom(yesterday));

        await run.UntilDeliveredAsync(20);
        for (var i = 0; i < 5; i++)
            _cluster.Export.Add(yesterday, $"ghost-{i}", ScriptedEvents.Make($"ghost-{i}", Noon.AddDays(-1)));
        await run.UntilDeliveredAsync(25);

        Assert.Equal(25, run.Delivered.Distinct().Count());
        Assert.True(run.Logger.Count(3125) >= 5);
    }

    [Trait("Difference", "last-event-missing-chunk")]
    [Fact]
    public async Task A_chunk_that_is_never_there_does_not_keep_the_end_from_coming_and_is_asked_for_in_the_next_run()
    {
        var yesterday = Today.AddDays(-1);
        _cluster.Export.AddGhost(yesterday, "ghost-y");
        _cluster.Export.AddGhost(Today, "ghost-t");
        _cluster.Export.Add(yesterday, "a", Events(yesterday, "yesterday", 10));
        _cluster.Export.Add(Today, "a", Events(Today, "today", 10));
        var state = new HandlerState();

        await using (var run = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(yesterday), state))
        {
            Assert.Equal(20, run.Delivered.Distinct().Count());
            Assert.Equal(2, run.Logger.Count(3127));
            Assert.Contains(run.Logger.Lines, line => line.Text.Contains("chunk ghost-y of 2026-03-09", StringComparison.Ordinal));
            Assert.Equal(1, run.Logger.Count(3104));
        }

        foreach (var (day, chunk) in (ReadOnlySpan<(DateOnly, string)>)[(yesterday, "ghost-y"), (Today, "ghost-t")])
            _cluster.Export.Add(day, chunk, ScriptedEvents.Make(chunk, Noon.AddDays(-1)));
        await using var next = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(yesterday), state);
        Assert.Equal(["ghost-t", "ghost-y"], next.Delivered.Order());
        Assert.Equal(0, next.Logger.Count(3127));
    }

    [Theory]
    [InlineData(GrpcStatus.NotFound, 6)]
    [InlineData(GrpcStatus.Internal, 20)]
    public async Task The_end_waits_for_a_chunk_that_is_in_trouble_and_may_be_read_yet(GrpcStatus status, int failures)
    {
        var chunk = _cluster.Export.Add(Today, "a", Events(Today, "a", 10));
        for (var i = 0; i < failures; i++)
            chunk.FailOnceAt(0, status);

        await using var run = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(Today));

        Assert.Equal(10, run.Delivered.Count);
        Assert.Equal(0, run.Logger.Count(3127));
    }

    [Fact]
    public async Task A_cluster_that_restarts_is_waited_for_with_one_word_in_the_log()
    {
        var chunk = _cluster.Export.AddOpen(Today, "a");
        chunk.Add(Events(Today, "a", 10));
        var clock = new WaitingClock(SourceRun.Noon);
        await using var run = SourceRun.Start(_cluster, PlanFrom(Today), clock: clock);
        await run.UntilDeliveredAsync(10);

        await _cluster.StopAsync();
        var began = clock.GetUtcNow();
        await run.UntilAsync(() => clock.GetUtcNow() - began > TimeSpan.FromMinutes(3));
        chunk.Add(Events(Today, "b", 10));
        chunk.Seal();
        await _cluster.StartAgainAsync();
        await run.UntilDeliveredAsync(20);

        Assert.Equal(20, run.Delivered.Distinct().Count());
        Assert.Equal(1, run.Logger.Count(3101));
    }

    [Fact]
    public async Task An_event_that_cannot_be_decoded_is_kept_aside_and_the_chunk_goes_on()
    {
        var chunk = _cluster.Export.AddOpen(Today, "a");
        chunk.Add(ScriptedEvents.Make("one", Noon));
        chunk.AddMalformed([0x0a, 0x7f, 0x01]);
        chunk.Add(ScriptedEvents.Make("two", Noon));
        chunk.Seal();

        await using var run = await SourceRun.ToTheEndAsync(_cluster, PlanFrom(Today));

        Assert.Equal(["one", "two"], run.Delivered);
        Assert.Contains("chunk a", Assert.Single(run.Undecodable), StringComparison.Ordinal);
        Assert.Equal(1, run.Logger.Count(3106));
    }

    [Fact]
    public async Task Denied_access_to_a_chunk_ends_the_source()
    {
        var chunk = _cluster.Export.Add(Today, "a", Events(Today, "a", 10));
        chunk.FailOnceAt(5, GrpcStatus.PermissionDenied, "access denied");

        var denied = await Assert.ThrowsAsync<Gatehouse.EventHandler.Sources.SourceException>(
            () => SourceRun.ToTheEndAsync(_cluster, PlanFrom(Today)));

        Assert.Equal("access denied", denied.Message);
    }
}
