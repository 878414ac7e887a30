using Gatehouse.Api.AuditLog.V1;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>Positions that upstream left behind, or that the user names.</summary>
public sealed class PositionTests : IAsyncLifetime
{
    private static readonly DateTime Start = SourceRun.Noon.UtcDateTime.AddHours(-1);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await ScriptedCluster.StartAsync();
        // e-50 to e-79 share one instant.
        _cluster.Log.Add(ScriptedEvents.Series("e", 50, Start, TimeSpan.FromSeconds(1)));
        _cluster.Log.Add(Enumerable.Range(50, 30).Select(i => ScriptedEvents.Make($"e-{i}", Start.AddSeconds(60))));
        _cluster.Log.Add(Enumerable.Range(80, 20).Select(i => ScriptedEvents.Make($"e-{i}", Start.AddSeconds(i))));
    }

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Trait("Difference", "cursor-file-lost")]
    [Theory]
    [InlineData("e-39", "e-47")]
    [InlineData("", "e-3")]
    [InlineData("e-59", "e-66")]
    [InlineData("e-59", "e-60")]
    [InlineData("a key the server no longer knows", "e-47")]
    [InlineData("a key the server no longer knows", "e-66")]
    [InlineData("", "e-99")]
    public async Task Reading_goes_on_right_after_the_last_event_upstream_delivered(string cursor, string id)
    {
        var state = new HandlerState { TakenOver = new UpstreamPosition(cursor, id, null) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        var last = int.Parse(id[2..], null);
        Assert.Equal(Enumerable.Range(last + 1, 99 - last).Select(i => $"e-{i}"), run.Delivered);
        Assert.Null(state.TakenOver);
        Assert.Equal(1, run.Logger.Count(3117));
    }

    [Fact]
    public async Task The_window_upstream_was_in_is_where_the_search_begins()
    {
        var window = new DateTimeOffset(Start.AddSeconds(30));
        var state = new HandlerState { TakenOver = new UpstreamPosition("", "e-40", window) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal("e-41", run.Delivered[0]);
        Assert.Equal(59, run.Delivered.Count);
        Assert.Equal(window, _cluster.Searches.First().StartDate.ToDateTimeOffset());
    }

    [Fact]
    public async Task With_an_unknown_id_the_page_of_the_key_comes_again_from_its_first_event()
    {
        var state = new HandlerState { TakenOver = new UpstreamPosition("e-39", "unknown", null) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(Enumerable.Range(40, 60).Select(i => $"e-{i}"), run.Delivered);
        Assert.Equal(1, run.Logger.Count(3118));
    }

    [Fact]
    public async Task With_neither_known_everything_comes_again()
    {
        var state = new HandlerState { TakenOver = new UpstreamPosition("unknown", "unknown", null) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(100, run.Delivered.Count);
        Assert.Equal(1, run.Logger.Count(3118));
    }

    [Fact]
    public async Task The_last_delivered_event_is_found_although_its_type_is_no_longer_wanted()
    {
        var state = new HandlerState { TakenOver = new UpstreamPosition("e-39", "e-47", null) };
        _cluster.Log.Add(ScriptedEvents.Make("other", Start.AddMinutes(5), "other"));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan() with { Types = ["other"] }, state);

        Assert.Equal(["other"], run.Delivered);
        Assert.Equal(1, run.Logger.Count(3117));
    }

    [Fact]
    public async Task The_user_may_name_the_last_delivered_event_when_there_is_no_state()
    {
        var state = new HandlerState();

        await using (var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan() with { StartAfterId = "e-66" }, state))
            Assert.Equal(Enumerable.Range(67, 33).Select(i => $"e-{i}"), run.Delivered);

        // Later starts have a place of their own, and the name means nothing any more.
        await using var again = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan() with { StartAfterId = "e-66" }, state);
        Assert.Empty(again.Delivered);
    }

    [Fact]
    public async Task What_stands_behind_the_last_event_in_the_log_is_delivered_although_its_time_is_earlier()
    {
        await using var cluster = await ScriptedCluster.StartAsync();
        cluster.Log.InLogOrder = true;
        cluster.Log.Add(ScriptedEvents.Make("before", Start.AddMilliseconds(10)));
        cluster.Log.Add(ScriptedEvents.Make("last", Start.AddMilliseconds(20)));
        cluster.Log.Add(ScriptedEvents.Make("behind", Start.AddMilliseconds(15)));
        var state = new HandlerState { TakenOver = new UpstreamPosition("", "last", null) };

        await using var run = await SourceRun.ToTheEndAsync(cluster, SourceRun.Plan(), state);

        Assert.Equal(["behind"], run.Delivered);
    }

    [Fact]
    public async Task An_event_that_gets_another_id_at_each_reading_is_known_again_by_its_content()
    {
        AnswerOnceMore("e-47", readings => Rewritten("e-47", $"made-up-{readings}"));
        var state = new HandlerState { TakenOver = new UpstreamPosition("", "made-up-1", null) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(Enumerable.Range(48, 52).Select(i => $"e-{i}"), run.Delivered);
        Assert.Equal(1, run.Logger.Count(3117));
    }

    [Fact]
    public async Task An_event_that_was_found_and_is_not_met_again_leaves_everything_to_come_again()
    {
        AnswerOnceMore("e-47", readings => readings == 1 ? Rewritten("e-47", "e-47") : null);
        var state = new HandlerState { TakenOver = new UpstreamPosition("", "e-47", null) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(Enumerable.Range(0, 100).Where(i => i != 47).Select(i => $"e-{i}"), run.Delivered);
        Assert.Equal((0, 1), (run.Logger.Count(3117), run.Logger.Count(3118)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_window_without_an_event_is_where_reading_begins(bool export)
    {
        if (export)
        {
            _cluster.HasExport = true;
            _cluster.Export.Add(DateOnly.FromDateTime(Start), "chunk", [.. Enumerable.Range(0, 100).Select(EventAt)]);
        }
        var state = new HandlerState { TakenOver = new UpstreamPosition("", "", new DateTimeOffset(Start.AddSeconds(90))) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(Enumerable.Range(90, 10).Select(i => $"e-{i}"), run.Delivered);
        Assert.Null(state.TakenOver);
        Assert.Equal((1, 0), (run.Logger.Count(3126), run.Logger.Count(3118)));
    }

    [Fact]
    public async Task What_was_exported_for_upstream_and_came_back_unchanged_sends_no_more_than_the_late_window_again()
    {
        using var folder = new TemporaryFolder();
        var plan = SourceRun.Plan() with { LateWindow = TimeSpan.FromSeconds(20) };
        var state = new HandlerState();
        StateFold.Apply(state, new StateChange.Started(plan.StartTime!.Value));
        await using (await SourceRun.ToTheEndAsync(_cluster, plan, state))
            UpstreamExport.Write(state, folder.Path);

        var back = UpstreamState.Read(folder.Path, SourceRun.Noon.UtcDateTime, NullLogger.Instance);
        await using var run = await SourceRun.ToTheEndAsync(_cluster, plan, back);

        Assert.Equal(Enumerable.Range(80, 20).Select(i => $"e-{i}"), run.Delivered);
    }

    private static EventUnstructured EventAt(int i) => ScriptedEvents.Make($"e-{i}", Start.AddSeconds(i is >= 50 and < 80 ? 60 : i));

    /// <summary>An event without a uid, whose id the server makes up.</summary>
    private static EventUnstructured Rewritten(string id, string madeUp)
    {
        var original = EventAt(int.Parse(id[2..], null));
        original.Id = madeUp;
        original.Unstructured.Fields.Remove("uid");
        return original;
    }

    /// <summary>One large page for every search, in which one event is another at each reading of it.</summary>
    private void AnswerOnceMore(string id, Func<int, EventUnstructured?> reading)
    {
        var readings = 0;
        var place = int.Parse(id[2..], null);
        _cluster.AnswerSearch = request =>
        {
            var page = new EventsUnstructured();
            var events = Enumerable.Range(0, 100).Select(i => i == place ? reading(++readings) : EventAt(i)).OfType<EventUnstructured>();
            page.Items.Add(events.Where(e => e.Time.CompareTo(request.StartDate) >= 0 && e.Time.CompareTo(request.EndDate) <= 0));
            return page;
        };
    }
}
