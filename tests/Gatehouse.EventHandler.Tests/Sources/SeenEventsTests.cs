using Gatehouse.EventHandler.Sources;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class SeenEventsTests
{
    private static readonly DateTime Start = SourceRun.Noon.UtcDateTime;

    [Fact]
    public void The_floor_never_moves_back_and_forgets_what_is_below()
    {
        var seen = new SeenEvents(Start, [new(1, Start), new(2, Start.AddSeconds(1)), new(3, Start.AddSeconds(2))]);

        seen.RaiseFloor(Start.AddSeconds(1));
        seen.RaiseFloor(Start);

        Assert.Equal(Start.AddSeconds(1), seen.Floor);
        Assert.Equal(2, seen.Count);
        Assert.False(seen.Add(1, Start));
        Assert.False(seen.Add(2, Start.AddSeconds(1)));
        Assert.False(seen.Add(3, Start.AddSeconds(2)));
    }

    [Fact]
    public void Room_is_made_by_forgetting_the_oldest_tenth()
    {
        var seen = new SeenEvents(Start, [], capacity: 1000);
        for (var i = 0; i < 1000; i++)
            seen.Add((UInt128)i, Start.AddSeconds(i));
        Assert.True(seen.IsFull);

        seen.MakeRoom();

        Assert.False(seen.IsFull);
        Assert.Equal(900, seen.Count);
        Assert.Equal(Start.AddSeconds(100), seen.Floor);
    }

    [Fact]
    public void A_flood_of_one_instant_is_kept_whole()
    {
        var seen = new SeenEvents(Start, [], capacity: 1000);
        for (var i = 0; i < 1000; i++)
            seen.Add((UInt128)i, Start.AddSeconds(1));

        seen.MakeRoom();

        Assert.Equal(1000, seen.Count);
        Assert.False(seen.IsFull);
    }
}
