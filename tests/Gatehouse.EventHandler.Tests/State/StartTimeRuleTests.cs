using Gatehouse.EventHandler.State;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class StartTimeRuleTests
{
    private static readonly DateTimeOffset Midnight = new(2021, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Now = new(2026, 5, 6, 7, 8, 9, 123, TimeSpan.FromHours(2));

    private static StartTimeDecision Decide(DateTimeOffset? stored, DateTimeOffset? flag) =>
        StartTimeRule.Decide(new HandlerState { StartTime = stored }, flag, Now, "/var/lib/teleport");

    [Fact]
    public void The_first_run_without_the_flag_starts_now_in_whole_seconds() =>
        Assert.Equal(new StartTimeDecision.Use(new DateTimeOffset(2026, 5, 6, 5, 8, 9, TimeSpan.Zero), true), Decide(null, null));

    [Fact]
    public void The_first_run_takes_the_flag() =>
        Assert.Equal(new StartTimeDecision.Use(Midnight, true), Decide(null, Midnight.AddMilliseconds(700)));

    [Fact]
    public void Later_runs_without_the_flag_keep_the_stored_time() =>
        Assert.Equal(new StartTimeDecision.Use(Midnight, false), Decide(Midnight, null));

    [Trait("Difference", "start-time-instants")]
    [Theory]
    [InlineData("2021-01-01T00:00:00Z")]
    [InlineData("2021-01-01T01:00:00+01:00")]
    [InlineData("2020-12-31T19:00:00-05:00")]
    [InlineData("2021-01-01T00:00:00+00:00")]
    [InlineData("2021-01-01T00:00:00.999Z")]
    public void The_same_instant_in_other_words_is_the_same_start_time(string flag)
    {
        Assert.True(Rfc3339.TryParse(flag, out var time));
        Assert.Equal(new StartTimeDecision.Use(Midnight, false), Decide(Midnight, time));
    }

    [Fact]
    public void Another_instant_is_refused_in_upstreams_words() =>
        Assert.Equal(
            new StartTimeDecision.Refuse(
                "You can not change start time in the middle of ingestion. To restart the ingestion, rm -rf /var/lib/teleport"),
            Decide(Midnight, Midnight.AddSeconds(1)));

    [Trait("Difference", "start-time-gone")]
    [Fact]
    public void A_position_without_a_start_time_does_not_start_now()
    {
        var state = new HandlerState { TakenOver = new UpstreamPosition("", "id", null) };
        Assert.IsType<StartTimeDecision.Refuse>(StartTimeRule.Decide(state, null, Now, "/s"));
        Assert.Equal(new StartTimeDecision.Use(Midnight, true), StartTimeRule.Decide(state, Midnight, Now, "/s"));
        state.TakenOver = new UpstreamPosition("", "id", Midnight);
        Assert.Equal(new StartTimeDecision.Use(Midnight, true), StartTimeRule.Decide(state, null, Now, "/s"));
    }

    [Fact]
    public void Bulk_days_without_a_start_time_start_with_the_oldest()
    {
        var state = new HandlerState();
        state.Days[new DateOnly(2021, 1, 2)] = new DayProgress();
        state.Days[new DateOnly(2021, 1, 1)] = new DayProgress();
        Assert.Equal(new StartTimeDecision.Use(Midnight, true), StartTimeRule.Decide(state, null, Now, "/s"));
    }
}
