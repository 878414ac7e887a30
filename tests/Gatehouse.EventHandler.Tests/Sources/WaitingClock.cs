using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>A clock that stands still and tells who waits for it.</summary>
internal sealed class WaitingClock(DateTimeOffset start, TimeSpan? longest = null) : FakeTimeProvider(start)
{
    private readonly TimeSpan _longest = longest ?? TimeSpan.FromMinutes(5);
    private readonly Channel<Wait> _waits = Channel.CreateUnbounded<Wait>();

    /// <summary>Waits that began. A wait for a far midnight is a fallback that something else always ends, and is left out.</summary>
    public ChannelReader<Wait> Waits => _waits.Reader;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var wait = new Wait(base.CreateTimer(callback, state, dueTime, period), dueTime);
        if (dueTime > TimeSpan.Zero && dueTime <= _longest)
            _waits.Writer.TryWrite(wait);
        return wait;
    }

    internal sealed class Wait(ITimer timer, TimeSpan length) : ITimer
    {
        private volatile bool _isOver;

        public TimeSpan Length { get; } = length;

        /// <summary>Something else ended it.</summary>
        public bool IsOver => _isOver;

        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(dueTime, period);

        public void Dispose()
        {
            _isOver = true;
            timer.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            _isOver = true;
            return timer.DisposeAsync();
        }
    }
}
