using Gatehouse.EventHandler.Sources;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>A batch on its way: closes when each of its events is settled.</summary>
internal sealed class Receipt(SourceBatch batch, int parts, DateTimeOffset taken)
{
    private int _open = parts;

    public SourceBatch Batch { get; } = batch;

    /// <summary>When the pipeline took it; its age is the age of its oldest unacknowledged event.</summary>
    public DateTimeOffset Taken { get; } = taken;

    public bool IsClosed => Volatile.Read(ref _open) <= 0;

    /// <returns>True for the call that closed it.</returns>
    public bool SettlePart() => Interlocked.Decrement(ref _open) == 0;
}

/// <summary>
/// The receipts in the order their batches came. Progress is the closed run at the front: a batch that was quicker than the one
/// before it waits for it, so the checkpoint never passes an event that nobody has acknowledged.
/// </summary>
internal sealed class Receipts
{
    private readonly Lock _gate = new();
    private readonly Queue<Receipt> _queue = new();
    private readonly Queue<DateTimeOffset> _undurable = new();

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

    public void Open(Receipt receipt)
    {
        lock (_gate)
            _queue.Enqueue(receipt);
    }

    /// <summary>Takes the closed run at the front and hands it on, in order and one caller at a time.</summary>
    public void Advance(Action<Receipt> progress)
    {
        lock (_gate)
        {
            while (_queue.TryPeek(out var receipt) && receipt.IsClosed)
            {
                _undurable.Enqueue(receipt.Taken);
                progress(_queue.Dequeue());
            }
        }
    }

    /// <summary>The oldest progress has become durable.</summary>
    public void Durable()
    {
        lock (_gate)
            _undurable.Dequeue();
    }

    /// <summary>Takes what is left when the pipeline has stopped; none of it counts as settled.</summary>
    public IReadOnlyList<Receipt> Abandon()
    {
        lock (_gate)
        {
            var left = _queue.ToArray();
            _queue.Clear();
            return left;
        }
    }
}
