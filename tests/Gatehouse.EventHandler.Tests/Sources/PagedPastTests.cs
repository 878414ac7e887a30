using Gatehouse.EventHandler.Sources;
using Gatehouse.Events;
using Gatehouse.Testing;
using Google.Protobuf;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class PagedPastTests
{
    private static readonly DateTime Noon = SourceRun.Noon.UtcDateTime;

    [Fact]
    public void What_was_delivered_of_a_day_is_held_until_the_day_is_over()
    {
        using var batch = new EventBatch(1024);
        DateTime[] times = [Noon, Noon.AddDays(1), Noon.AddDays(2)];
        foreach (var time in times)
            EventDecoder.Append(ScriptedEvents.Make($"{time:O}", time).ToByteArray(), batch);
        var known = times.Select((time, i) => (Key: EventKey.Of(batch, i), time)).ToDictionary(pair => pair.Key, pair => pair.time);
        var past = new PagedPast(new PagedPlace(Noon.AddDays(2), Noon.AddHours(-1), known));
        Assert.All(times, (_, i) => Assert.True(past.Holds(batch, i)));

        past.ForgetBefore(DateOnly.FromDateTime(Noon).AddDays(2));

        Assert.Equal(1, past.Count);
        Assert.Equal([false, false, true], times.Select((_, i) => past.Holds(batch, i)));
    }
}
