namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// The receipts in the order their batches came. Progress is the closed run at the front: a batch that was quicker than the one
/// before it waits for it, so the checkpoint never passes an event that nobody has acknowledged. What of the oldest can be
/// recorded before all of it is settled is <see cref="EarlyProgress"/>'s to say.
/// </summary>
internal sealed class Receipts
{
    private readonly Lock _gate = new();
    private readonly Queue<Receipt> _queue = new();
    private readonly Queue<DateTimeOffset> _undurable = new();
    private readonly EarlyProgress _early;

    /// <param name="place">Where the checkpoint stands before the first batch.</param>
    public Receipts(PagedPlaceReached? place = null) => _early = new EarlyProgress(place);

    public int Outstanding
    {
        get
        {
            lock (_gate)
                return _queue.Count;
        }
    }

    /// <summary>When the oldest batch that is not in the checkpoint yet was taken; null when all are.</summary>
    public DateTimeOffset? OldestTaken
    {
        get
        {
            lock (_gate)
                return _undurable.TryPeek(out var settled) ? settled : _queue.TryPeek(out var oldest) ? oldest.Taken : null;
        }
    }

    /// <summary>A batch without slices is closed at once, and progress as soon as it is at the front.</summary>
    public void Open(Receipt receipt, Action<Receipt> progress)
    {
        lock (_gate)
        {
            _queue.Enqueue(receipt);
            Advance(progress);
        }
    }

    /// <summary>A slice is settled. Hands on the closed run at the front, in order and one caller at a time.</summary>
    /// <returns>True when its batch is the oldest and waits for the rest of itself: it may be recorded early.</returns>
    public bool Settle(Receipt receipt, int slice, Action<Receipt> progress)
    {
        lock (_gate)
        {
            receipt.Settle(slice);
            Advance(progress);
            return _queue.TryPeek(out var oldest) && oldest == receipt;
        }
    }

    /// <summary>Hands on what was settled of the oldest batch since the last call, as changes that are true by themselves.</summary>
    public void RecordEarly(Action<List<State.StateChange>> record)
    {
        lock (_gate)
        {
            if (_queue.TryPeek(out var oldest) && _early.Take(oldest) is { Count: > 0 } changes)
                record(changes);
        }
    }

    /// <summary>The oldest progress has become durable.</summary>
    public void Durable()
    {
        lock (_gate)
            _undurable.Dequeue();
    }

    /// <summary>Takes what is left when the pipeline has stopped; none of it counts as settled beyond what was recorded early.</summary>
    public IReadOnlyList<Receipt> Abandon()
    {
        lock (_gate)
        {
            var left = _queue.ToArray();
            _queue.Clear();
            return left;
        }
    }

    private void Advance(Action<Receipt> progress)
    {
        while (_queue.TryPeek(out var receipt) && receipt.IsClosed)
        {
            _queue.Dequeue();
            _early.Advanced(receipt);
            _undurable.Enqueue(receipt.Taken);
            progress(receipt);
        }
    }
}
