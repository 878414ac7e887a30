using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class LateEventTests : IAsyncLifetime
{
    private static readonly DateTime Start = SourceRun.Noon.UtcDateTime.AddHours(-1);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ScriptedCluster.StartAsync();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Trait("Difference", "late-events")]
    [Fact]
    public async Task An_event_that_appears_late_is_delivered_once_within_a_minute()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 100, Start, TimeSpan.FromSeconds(20)));
        var newest = Start.AddSeconds(20 * 99);
        var clock = new WaitingClock(SourceRun.Noon);
        await using var run = SourceRun.Start(_cluster, SourceRun.Plan(), clock: clock);
        await run.UntilDeliveredAsync(100);

        var before = clock.GetUtcNow();
        _cluster.Log.Add(ScriptedEvents.Make("late", newest.AddMinutes(-9.5)));
        await run.UntilDeliveredAsync(101);

        Assert.Equal("late", run.Delivered[^1]);
        Assert.True(clock.GetUtcNow() - before <= TimeSpan.FromSeconds(70));
        var searches = _cluster.Searches.Count();
        await run.UntilAsync(() => _cluster.Searches.Count() > searches + 50);
        Assert.Equal(101, run.Delivered.Count);
    }

    [Fact]
    public async Task Each_of_many_late_events_comes_while_newer_ones_go_on()
    {
        var clock = new WaitingClock(SourceRun.Noon);
        await using var run = SourceRun.Start(_cluster, SourceRun.Plan(), clock: clock);
        var random = new Random(5);
        var expected = new List<string>();
        for (var i = 0; i < 120; i++)
        {
            _cluster.Log.Add(ScriptedEvents.Make($"new-{i}", clock.GetUtcNow().UtcDateTime));
            _cluster.Log.Add(ScriptedEvents.Make($"late-{i}", clock.GetUtcNow().UtcDateTime.AddSeconds(-random.Next(0, 590))));
            expected.AddRange([$"new-{i}", $"late-{i}"]);
            await run.UntilAsync(() => run.Delivered.Contains($"new-{i}"));
        }

        await run.UntilDeliveredAsync(240);

        Assert.Equal(expected.Order(), run.Delivered.Order());
    }

    [Fact]
    public async Task The_end_is_not_reached_before_a_last_look_for_late_events()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 30, Start, TimeSpan.FromSeconds(20)));
        // It appears right when the source has read the newest event.
        _cluster.AnswerSearch = search =>
        {
            if (search.StartKey == "e-19")
                _cluster.Log.Add(ScriptedEvents.Make("late", Start.AddSeconds(50)));
            return null;
        };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(31, run.Delivered.Count);
        Assert.Contains("late", run.Delivered);
    }

    [Fact]
    public async Task An_event_that_appeared_late_while_nobody_read_is_delivered_at_the_next_start()
    {
        var state = new HandlerState();
        _cluster.Log.Add(ScriptedEvents.Series("e", 100, Start, TimeSpan.FromSeconds(20)));
        await using (await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state))
            _cluster.Log.Add(ScriptedEvents.Make("late", Start.AddSeconds(20 * 99).AddMinutes(-9)));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(["late"], run.Delivered);
    }

    [Fact]
    public async Task What_is_remembered_ends_one_late_window_behind_the_newest_event()
    {
        var state = new HandlerState();
        var clock = new WaitingClock(SourceRun.Noon);
        await using var run = SourceRun.Start(_cluster, SourceRun.Plan(), state, clock);
        for (var i = 0; i < 100; i++)
        {
            _cluster.Log.Add(ScriptedEvents.Make($"e-{i}", clock.GetUtcNow().UtcDateTime));
            clock.Advance(TimeSpan.FromSeconds(60));
            await run.UntilDeliveredAsync(i + 1);
        }

        var known = state.Paged.Settled.Count(entry => entry.Value >= state.Paged.Floor);
        Assert.InRange(known, 10, 20);
        Assert.InRange((state.Paged.Newest - state.Paged.Floor)!.Value, TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(15));
    }
}
