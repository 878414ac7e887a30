namespace Gatehouse.EventHandler.Pipeline;

/// <summary>A time to wait for the better that does not run while the other side is away, and begins anew when it is back.</summary>
/// <param name="most">How long.</param>
internal sealed class Patience(TimeSpan most, TimeProvider time) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _over = new(Timeout.InfiniteTimeSpan, time);
    private bool _begun;
    private long _awaySince;
    private TimeSpan _away;

    /// <summary>Fires when the time is over.</summary>
    public CancellationToken Over => _over.Token;

    private TimeSpan StillAway => _away > TimeSpan.Zero && _away - time.GetElapsedTime(_awaySince) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>From now on it runs.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _begun = true;
            _over.CancelAfter(StillAway + most);
        }
    }

    /// <summary>The other side is away, and not asked again before <paramref name="pause"/> is over. Also before <see cref="Begin"/>.</summary>
    public void Away(TimeSpan pause)
    {
        lock (_gate)
        {
            if (pause > StillAway)
                (_awaySince, _away) = (time.GetTimestamp(), pause);
            if (_begun)
                _over.CancelAfter(StillAway + most);
        }
    }

    public void Dispose() => _over.Dispose();
}
