using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Sources;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>A batch on its way: closes when each of its slices is settled. Touched under the lock of <see cref="Receipts"/> alone.</summary>
/// <param name="slices">All of the batch, in order.</param>
internal sealed class Receipt(SourceBatch batch, IReadOnlyList<EventSlice> slices, DateTimeOffset taken)
{
    private readonly bool[] _settled = new bool[slices.Count];
    private int _open = slices.Count;
    private int _run;

    public SourceBatch Batch { get; } = batch;

    public IReadOnlyList<EventSlice> Slices { get; } = slices;

    /// <summary>When the pipeline took it; its age is the age of its oldest unacknowledged event.</summary>
    public DateTimeOffset Taken { get; } = taken;

    public bool IsClosed => _open == 0;

    /// <summary>Slices that are settled and that no record covers yet.</summary>
    public Queue<int> Unrecorded { get; } = new();

    /// <summary>Events from the first on that a record covers already.</summary>
    public int RecordedEvents { get; set; }

    /// <summary>Events from the first on that are settled without a gap.</summary>
    public int SettledRun => _run == 0 ? 0 : Slices[_run - 1].Start + Slices[_run - 1].Count;

    public void Settle(int slice)
    {
        _settled[slice] = true;
        Unrecorded.Enqueue(slice);
        _open--;
        while (_run < _settled.Length && _settled[_run])
            _run++;
    }
}
