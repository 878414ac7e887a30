using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class PagedRestartTests : IAsyncLifetime
{
    private static readonly DateTime Start = SourceRun.Noon.UtcDateTime.AddHours(-1);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ScriptedCluster.StartAsync();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_restart_anywhere_goes_on_at_exactly_the_checkpoint(int seed)
    {
        var random = new Random(seed);
        var moment = Start;
        // Runs of one instant, small steps and long gaps.
        var events = Enumerable.Range(0, 1500).Select(i =>
        {
            moment = random.Next(10) switch
            {
                < 5 => moment,
                < 9 => moment.AddMilliseconds(random.Next(2000)),
                _ => moment.AddSeconds(random.Next(30)),
            };
            return ScriptedEvents.Make($"e-{i}", moment);
        }).ToArray();
        _cluster.Log.Add(events);
        var clock = new WaitingClock(new DateTimeOffset(moment, TimeSpan.Zero).AddMinutes(5));
        var state = new HandlerState();
        var delivered = new List<string>();

        while (delivered.Count < events.Length)
        {
            // Another page size at every start.
            await using var run = SourceRun.Start(_cluster, SourceRun.Plan(random.Next(1, 60)), state, clock);
            await run.UntilDeliveredAsync(Math.Min(random.Next(1, 200), events.Length - delivered.Count));
            await run.StopAsync();
            delivered.AddRange(run.Delivered);
        }
        await using var rest = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state, clock);

        Assert.Empty(rest.Delivered);
        Assert.Equal(events.Select(e => e.Id).Order(), delivered.Order());
    }

    [Trait("Difference", "types-changed")]
    [Fact]
    public async Task Another_types_list_keeps_the_place()
    {
        var state = new HandlerState();
        _cluster.Log.Add(Enumerable.Range(0, 100).Select(i => ScriptedEvents.Make($"e-{i}", Start.AddMinutes(i * 0.1), i % 2 == 0 ? "even" : "odd")));
        await using (var first = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan() with { Types = ["even"], LateWindow = TimeSpan.Zero }, state))
            Assert.Equal(50, first.Delivered.Count);
        _cluster.Log.Add(ScriptedEvents.Make("new-even", Start.AddMinutes(20), "even"));
        _cluster.Log.Add(ScriptedEvents.Make("new-odd", Start.AddMinutes(20), "odd"));

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan() with { Types = ["odd"], LateWindow = TimeSpan.Zero }, state);

        // Nothing before the place comes again; odd ones within the late window of it were never delivered and are.
        Assert.Contains("new-odd", run.Delivered);
        Assert.DoesNotContain("e-1", run.Delivered);
        Assert.All(run.Delivered, id => Assert.True(id == "new-odd" || int.Parse(id[2..], null) % 2 == 1));
        Assert.Equal(run.Delivered.Count, run.Delivered.Distinct().Count());
    }

    [Fact]
    public async Task Events_without_a_uid_are_known_again_although_the_server_gives_them_another_id()
    {
        var state = new HandlerState();
        var bare = ScriptedEvents.Make("made-up-1", Start);
        bare.Unstructured.Fields.Remove("uid");
        _cluster.Log.Add(bare);
        await using (var first = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state))
            Assert.Single(first.Delivered);
        bare.Id = "made-up-2";
        _cluster.AnswerSearch = _ => new Gatehouse.Api.AuditLog.V1.EventsUnstructured { Items = { bare } };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Empty(run.Delivered);
    }

    [Fact]
    public async Task A_clock_that_went_back_does_not_ask_for_a_range_that_ends_before_it_begins()
    {
        var state = new HandlerState();
        _cluster.Log.Add(ScriptedEvents.Series("e", 5, Start, TimeSpan.FromMinutes(10)));
        await using (await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state))
        {
        }

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state, new WaitingClock(SourceRun.Noon.AddHours(-2)));

        Assert.Empty(run.Delivered);
        Assert.All(_cluster.Searches, search => Assert.True(search.StartDate.ToDateTime() <= search.EndDate.ToDateTime()));
    }
}
