using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>A clock that stands still and tells who waits for it.</summary>
internal sealed class WaitingClock(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    /// <summary>Waits that began. A wait for the next midnight is a fallback that something else always ends, and is left out.</summary>
    public ChannelReader<TimeSpan> Waits => _waits.Reader;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime <= TimeSpan.FromMinutes(5))
            _waits.Writer.TryWrite(dueTime);
        return timer;
    }
}
