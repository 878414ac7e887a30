using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class PagedReadingTests : IAsyncLifetime
{
    private static readonly DateTime Start = SourceRun.Noon.UtcDateTime.AddHours(-1);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ScriptedCluster.StartAsync();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData(1, 7)]
    [InlineData(20, 205)]
    [InlineData(20, 200)]
    [InlineData(100, 2500)]
    [InlineData(0, 1500)]
    public async Task Every_event_is_delivered_once_and_in_order(int batch, int count)
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", count, Start, TimeSpan.FromSeconds(1)));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(batch));

        Assert.Equal(Enumerable.Range(0, count).Select(i => $"e-{i}"), run.Delivered);
        Assert.Contains("\"uid\":\"e-0\"", run.Documents[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_is_for_the_default_namespace_and_leaves_the_order_out()
    {
        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan() with { Types = ["a", "b"] });

        Assert.All(_cluster.Searches, search =>
        {
            Assert.Equal("default", search.Namespace);
            Assert.Equal(0, (int)search.Order);
            Assert.Equal(["a", "b"], search.EventTypes);
        });
        Assert.Equal(20, _cluster.Searches.First().Limit);
        Assert.Equal(Start, _cluster.Searches.First().StartDate.ToDateTime());
    }

    [Theory]
    [InlineData(50)]
    [InlineData(1777)]
    public async Task Many_events_of_one_instant_come_exactly_once(int count)
    {
        _cluster.Log.Add(ScriptedEvents.Series("before", 7, Start, TimeSpan.FromSeconds(1)));
        _cluster.Log.Add(ScriptedEvents.Series("flood", count, Start.AddMinutes(1), TimeSpan.Zero));
        _cluster.Log.Add(ScriptedEvents.Series("after", 7, Start.AddMinutes(2), TimeSpan.FromSeconds(1)));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(count + 14, run.Delivered.Count);
        Assert.Equal(count + 14, run.Delivered.Distinct().Count());
    }

    [Trait("Difference", "page-of-skipped-types")]
    [Fact]
    public async Task A_page_of_nothing_but_skipped_types_moves_on()
    {
        _cluster.Log.Add(ScriptedEvents.Series("skipped", 60, Start, TimeSpan.FromSeconds(1), "user.login"));
        _cluster.Log.Add(ScriptedEvents.Make("wanted", Start.AddMinutes(5), "session.start"));

        await using var run = await SourceRun.ToTheEndAsync(
            _cluster, SourceRun.Plan() with { SkipEventTypes = new HashSet<string> { "user.login" } });

        Assert.Equal(["wanted"], run.Delivered);
        Assert.Equal([new("user.login", 60)], run.Filtered);
    }

    [Trait("Difference", "page-key-and-window")]
    [Fact]
    public async Task Windows_are_outside_and_pages_inside_and_no_key_outlives_its_window()
    {
        var hour = TimeSpan.FromHours(1);
        var from = Start - 5 * hour;
        // Some lie exactly on the edge of two windows.
        for (var window = 0; window < 6; window++)
        {
            _cluster.Log.Add(ScriptedEvents.Series($"w{window}", 45, from + window * hour, TimeSpan.FromSeconds(1)));
            _cluster.Log.Add(ScriptedEvents.Series($"edge{window}", 3, from + window * hour, TimeSpan.Zero));
        }

        await using var run = await SourceRun.ToTheEndAsync(
            _cluster, SourceRun.Plan() with { WindowSize = hour, StartTime = new DateTimeOffset(from) });

        Assert.Equal(6 * 48, run.Delivered.Count);
        Assert.Equal(6 * 48, run.Delivered.Distinct().Count());
        var starts = new HashSet<DateTime>();
        Assert.All(_cluster.Searches, search =>
        {
            Assert.True(search.EndDate.ToDateTime() - search.StartDate.ToDateTime() <= hour);
            if (starts.Add(search.StartDate.ToDateTime()))
                Assert.Equal("", search.StartKey);
        });
    }

    [Fact]
    public async Task Empty_windows_are_passed()
    {
        _cluster.Log.Add(ScriptedEvents.Make("old", Start.AddDays(-30)));
        _cluster.Log.Add(ScriptedEvents.Make("new", Start));

        await using var run = await SourceRun.ToTheEndAsync(
            _cluster, SourceRun.Plan() with { StartTime = new DateTimeOffset(Start.AddDays(-31)) });

        Assert.Equal(["old", "new"], run.Delivered);
    }

    [Fact]
    public async Task Events_out_of_order_by_milliseconds_across_pages_come_once()
    {
        _cluster.Log.InLogOrder = true;
        var random = new Random(11);
        _cluster.Log.Add(Enumerable.Range(0, 400).Select(i =>
            ScriptedEvents.Make($"e-{i}", Start.AddMilliseconds(i * 10 + random.Next(-80, 80) + 100))));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(Enumerable.Range(0, 400).Select(i => $"e-{i}").Order(), run.Delivered.Order());
    }

    [Fact]
    public async Task A_page_cut_short_by_its_bytes_is_followed_by_the_next_and_events_over_a_mebibyte_pass()
    {
        _cluster.Log.PageBytes = 100_000;
        _cluster.Log.Add(Enumerable.Range(0, 12).Select(i => ScriptedEvents.Make($"e-{i}", Start.AddSeconds(i), padding: 40_000)));
        _cluster.Log.Add(ScriptedEvents.Make("giant", Start.AddMinutes(1), padding: 2 << 20));
        _cluster.Log.Add(ScriptedEvents.Make("last", Start.AddMinutes(2)));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal([.. Enumerable.Range(0, 12).Select(i => $"e-{i}"), "giant", "last"], run.Delivered);
        Assert.True(run.Documents[12].Length > 2 << 20);
    }

    [Fact]
    public async Task Types_nobody_knows_pass_unchanged()
    {
        _cluster.Log.Add(ScriptedEvents.Make("strange", Start, "from.the.future"));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(["strange"], run.Delivered);
        Assert.Contains("\"event\":\"from.the.future\"", run.Documents[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Events_before_the_start_time_are_not_read_and_the_one_at_it_is()
    {
        _cluster.Log.Add(ScriptedEvents.Make("before", Start.AddMilliseconds(-1)));
        _cluster.Log.Add(ScriptedEvents.Make("at", Start));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(["at"], run.Delivered);
    }

    [Fact]
    public async Task A_long_quiet_gap_is_not_read_at_every_poll_and_what_turns_up_in_it_is_delivered()
    {
        var clock = new WaitingClock(SourceRun.Noon);
        _cluster.Log.Add(ScriptedEvents.Make("old", Start.AddDays(-30)));
        await using var run = SourceRun.Start(
            _cluster, SourceRun.Plan() with { StartTime = new DateTimeOffset(Start.AddDays(-31)) }, clock: clock);
        await run.UntilDeliveredAsync(1);
        await run.UntilAsync(() => clock.GetUtcNow() > SourceRun.Noon.AddSeconds(30));
        var searches = _cluster.Searches.Count();
        await run.UntilAsync(() => clock.GetUtcNow() > SourceRun.Noon.AddMinutes(10));
        Assert.InRange(_cluster.Searches.Count() - searches, 100, 150);

        _cluster.Log.Add(ScriptedEvents.Make("new", clock.GetUtcNow().UtcDateTime.AddMinutes(-9)));
        await run.UntilDeliveredAsync(2);
        _cluster.Log.Add(ScriptedEvents.Make("newer", clock.GetUtcNow().UtcDateTime));
        await run.UntilDeliveredAsync(3);
        Assert.Equal(["old", "new", "newer"], run.Delivered);
    }

    [Fact]
    public async Task What_turns_up_in_a_quiet_gap_is_delivered_within_a_hundredth_of_it()
    {
        var clock = new WaitingClock(SourceRun.Noon);
        _cluster.Log.Add(ScriptedEvents.Make("old", SourceRun.Noon.UtcDateTime.AddHours(-10)));
        await using var run = SourceRun.Start(
            _cluster, SourceRun.Plan() with { StartTime = SourceRun.Noon.AddHours(-11) }, clock: clock);
        await run.UntilDeliveredAsync(1);
        await run.UntilAsync(() => clock.GetUtcNow() > SourceRun.Noon.AddSeconds(30));

        _cluster.Log.Add(ScriptedEvents.Make("delayed", SourceRun.Noon.UtcDateTime.AddHours(-5)));
        await run.UntilDeliveredAsync(2);

        Assert.True(clock.GetUtcNow() - SourceRun.Noon < TimeSpan.FromMinutes(8));
    }

    [Fact]
    public async Task New_events_are_found_after_the_poll_interval_across_midnight()
    {
        var clock = new WaitingClock(new DateTimeOffset(2026, 3, 10, 23, 59, 50, TimeSpan.Zero));
        var plan = SourceRun.Plan() with { StartTime = clock.GetUtcNow() };
        await using var run = SourceRun.Start(_cluster, plan, clock: clock);
        await run.UntilAsync(() => _cluster.Searches.Any());

        for (var i = 0; i < 8; i++)
        {
            _cluster.Log.Add(ScriptedEvents.Make($"e-{i}", clock.GetUtcNow().UtcDateTime));
            await run.UntilDeliveredAsync(i + 1);
        }

        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"e-{i}"), run.Delivered);
        Assert.Equal(11, clock.GetUtcNow().Day);
    }

    [Trait("Difference", "page-limit")]
    [Fact]
    public async Task A_page_size_the_server_refuses_is_lowered_to_what_it_takes()
    {
        _cluster.Log.LargestLimit = 30;
        _cluster.Log.Add(ScriptedEvents.Series("e", 100, Start, TimeSpan.FromSeconds(1)));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(20_000));

        Assert.Equal(100, run.Delivered.Count);
        Assert.Equal(1, run.Logger.Count(3113));
    }

    [Trait("Difference", "page-key-forgotten")]
    [Fact]
    public async Task A_server_that_forgot_one_page_key_costs_no_event()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 300, Start, TimeSpan.FromMilliseconds(100)));
        _cluster.Log.HasForgotten = key => key == "e-99";

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"e-{i}"), run.Delivered);
        Assert.True(run.Logger.Count(3110) > 0);
    }

    [Fact]
    public async Task A_server_that_forgets_every_page_key_costs_no_event()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 3000, Start, TimeSpan.FromMilliseconds(100)));
        _cluster.Log.HasForgotten = _ => true;

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(Enumerable.Range(0, 3000).Select(i => $"e-{i}"), run.Delivered);
    }

    [Fact]
    public async Task A_server_that_gives_the_same_page_key_for_ever_is_not_waited_on()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 300, Start, TimeSpan.FromMilliseconds(100)));
        _cluster.Log.KeyOf = _ => "same";

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(Enumerable.Range(0, 300).Select(i => $"e-{i}"), run.Delivered);
    }

    [Fact]
    public async Task Being_caught_up_at_a_full_page_is_no_lost_key()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 40, Start, TimeSpan.FromSeconds(1)));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(40, run.Delivered.Count);
        Assert.Equal(0, run.Logger.Count(3110));
    }

    [Fact]
    public async Task An_event_that_cannot_be_decoded_is_kept_aside_once_and_the_others_pass()
    {
        _cluster.Log.Add(ScriptedEvents.Make("one", Start));
        // Field 5, the document, claims more bytes than there are.
        _cluster.Log.AddMalformed(ScriptedEvents.Make("broken", Start.AddSeconds(1)), [0x2a, 0x7f, 0x01]);
        _cluster.Log.Add(ScriptedEvents.Make("two", Start.AddSeconds(2)));
        var state = new HandlerState();

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);
        await using var again = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(["one", "two"], run.Delivered);
        Assert.Single(run.Undecodable);
        Assert.Empty(again.Delivered);
        Assert.Empty(again.Undecodable);
    }

    [Fact]
    public async Task Two_damaged_events_that_differ_by_two_swapped_digits_are_both_kept()
    {
        foreach (var second in new[] { 12, 21 })
        {
            var damaged = ScriptedEvents.Make("made-up", Start.AddSeconds(second));
            damaged.Id = "made-up";
            damaged.Time = Timestamp.FromDateTime(Start);
            damaged.Unstructured.Fields.Remove("uid");
            damaged.Unstructured.Fields["ratio"] = Value.ForNumber(double.NaN);
            _cluster.Log.Add(damaged);
        }

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(2, run.Undecodable.Count);
    }

    [Fact]
    public async Task A_server_that_answers_whole_seconds_repeats_nothing()
    {
        _cluster.Log.WholeSeconds = true;
        var clock = new WaitingClock(SourceRun.Noon);
        var state = new HandlerState();
        await using var run = SourceRun.Start(_cluster, SourceRun.Plan() with { LateWindow = TimeSpan.FromSeconds(20) }, state, clock);
        for (var i = 0; i < 60; i++)
        {
            _cluster.Log.Add(ScriptedEvents.Series($"e-{i}", 10, clock.GetUtcNow().UtcDateTime.AddSeconds(-2), TimeSpan.FromMilliseconds(130)));
            await run.UntilDeliveredAsync(10 * i + 10);
        }

        Assert.Equal(600, run.Delivered.Count);
        Assert.Equal(600, run.Delivered.Distinct().Count());
    }

    [Fact]
    public async Task An_event_without_a_time_is_delivered_once()
    {
        var timeless = ScriptedEvents.Make("timeless", Start);
        var bare = timeless.Clone();
        bare.Time = null;
        _cluster.Log.AddMalformed(timeless, bare.ToByteArray());
        _cluster.Log.Add(ScriptedEvents.Series("e", 50, Start.AddMinutes(1), TimeSpan.FromSeconds(1)));
        var state = new HandlerState();

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);
        await using var again = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(51, run.Delivered.Count);
        Assert.Empty(again.Delivered);
    }
}
