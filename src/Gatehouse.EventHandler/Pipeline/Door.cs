namespace Gatehouse.EventHandler.Pipeline;

/// <summary>A refusal, numbered so that it can be told what came after it.</summary>
/// <param name="Number">Refusals at this door up to and with this one.</param>
/// <param name="FollowsDelivery">Something was delivered between the refusal before it and this one.</param>
internal readonly record struct Refusal(long Number, bool FollowsDelivery);

/// <summary>
/// One of the receiver's two doors, and whether it takes events at all. A refusal is about the event only if others get in: a receiver
/// that suddenly refuses everything (an expired client certificate, a wrong parser) refuses us. What proves a refusal is a delivery
/// whose request was begun after it; one that was already on its way then says nothing about now.
/// </summary>
internal sealed class Door
{
    private readonly Lock _gate = new();
    private readonly List<(long Number, TaskCompletionSource Proven)> _waiting = [];
    private long _refusals;
    private long _provenTo = -1;
    private volatile string? _problem;

    /// <summary>Why it does not take events right now; null when the last answer was good.</summary>
    public string? Problem
    {
        get => _problem;
        set => _problem = value;
    }

    /// <summary>To be noted before a request is sent and given to <see cref="Took"/>.</summary>
    public long Moment => Volatile.Read(ref _refusals);

    /// <summary>A request begun at this moment was delivered. Two reads as long as nothing is refused.</summary>
    public void Took(long begunAt)
    {
        if (_problem is not null)
            _problem = null;
        if (begunAt <= Volatile.Read(ref _provenTo))
            return;
        lock (_gate)
        {
            if (begunAt <= _provenTo)
                return;
            Volatile.Write(ref _provenTo, begunAt);
            foreach (var (_, proven) in _waiting.Where(one => one.Number <= begunAt))
                proven.SetResult();
            _waiting.RemoveAll(one => one.Number <= begunAt);
        }
    }

    /// <summary>Something new was refused.</summary>
    public Refusal Refuse()
    {
        lock (_gate)
        {
            var followsDelivery = _provenTo == _refusals;
            Volatile.Write(ref _refusals, _refusals + 1);
            return new Refusal(_refusals, followsDelivery);
        }
    }

    /// <summary>Others get in: what was refused is at fault.</summary>
    public bool IsProven(Refusal refusal) => Volatile.Read(ref _provenTo) >= refusal.Number;

    /// <summary>It came out of a run of deliveries, and nothing else was refused since: as much as can be known when nothing follows.</summary>
    public bool StandsAlone(Refusal refusal) => refusal.FollowsDelivery && Moment == refusal.Number;

    /// <summary>Completes when the refusal is proven.</summary>
    public Task ProofOf(Refusal refusal)
    {
        lock (_gate)
        {
            if (_provenTo >= refusal.Number)
                return Task.CompletedTask;
            var proven = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((refusal.Number, proven));
            return proven.Task;
        }
    }

    /// <summary>Nobody waits for this proof any more.</summary>
    public void Forget(Task proof)
    {
        lock (_gate)
            _waiting.RemoveAll(one => one.Proven.Task == proof);
    }
}
