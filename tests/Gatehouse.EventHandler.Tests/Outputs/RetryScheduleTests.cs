using Gatehouse.EventHandler.Outputs;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

public class RetryScheduleTests
{
    [Theory]
    [InlineData(1, 0.5)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(6, 16)]
    [InlineData(7, 30)]
    [InlineData(8, 30)]
    [InlineData(int.MaxValue, 30)]
    public void The_longest_pause_doubles_up_to_half_a_minute(int tries, double seconds)
    {
        Assert.Equal(seconds, new RetrySchedule(() => 1).Next(tries).TotalSeconds, 3);
    }

    [Fact]
    public void The_shortest_pause_is_not_nothing()
    {
        Assert.Equal(TimeSpan.FromMilliseconds(50), new RetrySchedule(() => 0).Next(1));
        Assert.Equal(TimeSpan.FromMilliseconds(50), new RetrySchedule(() => 0).Next(1000));
    }

    [Fact]
    public void Pauses_are_spread_over_the_whole_range()
    {
        var random = new Random(7);
        var schedule = new RetrySchedule(random.NextDouble);
        var pauses = Enumerable.Range(0, 1000).Select(_ => schedule.Next(7).TotalSeconds).ToList();
        Assert.InRange(pauses.Average(), 13, 17);
        Assert.True(pauses.Min() < 1 && pauses.Max() > 29);
    }

    [Fact]
    public void The_peers_own_wish_is_obeyed()
    {
        Assert.Equal(TimeSpan.FromMinutes(5), new RetrySchedule(() => 0).Next(1, TimeSpan.FromMinutes(5)));
        Assert.Equal(TimeSpan.FromMinutes(5.0) + TimeSpan.FromSeconds(0.5), new RetrySchedule(() => 1).Next(9, TimeSpan.FromMinutes(5)));
    }
}
