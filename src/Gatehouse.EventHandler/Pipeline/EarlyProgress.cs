using System.Collections.Immutable;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>Where the search of the audit log stands in the checkpoint.</summary>
internal sealed record PagedPlaceReached(DateTime Newest, DateTime Floor);

/// <summary>
/// What can be recorded of batches that are not progress yet, so that a kill repeats what was on its way and not what had been
/// acknowledged long before. Not thread-safe.
/// </summary>
/// <remarks>
/// Searched events are recorded one by one, in whatever order they are settled: their keys are added, and the place stays where it is.
/// An export's chunk knows one cursor, so each chunk has a lane of its own, which moves over its settled run from the front. A record that names
/// upload events queues their recordings too: the next start would not see these events again.
/// </remarks>
internal sealed class EarlyProgress(PagedPlaceReached? place)
{
    private readonly Dictionary<(DateOnly Day, string Chunk), Queue<Receipt>> _lanes = [];
    private readonly List<(Receipt Receipt, int Slice)> _settled = [];
    private PagedPlaceReached? _place = place;

    /// <summary>Batches with events and without a place: whose chunk they belong to cannot be told, so no lane may pass them.</summary>
    private int _placeless;

    public void Opened(Receipt receipt)
    {
        if (IsPlaceless(receipt))
            _placeless++;
        if (LaneOf(receipt.Batch) is not { } lane)
            return;
        if (!_lanes.TryGetValue(lane, out var queue))
            _lanes[lane] = queue = new Queue<Receipt>();
        queue.Enqueue(receipt);
    }

    public void Settled(Receipt receipt, int slice) => _settled.Add((receipt, slice));

    public void Advanced(Receipt receipt)
    {
        if (IsPlaceless(receipt))
            _placeless--;
        foreach (var change in receipt.Batch.Changes)
        {
            _place = change switch
            {
                StateChange.PageSettled page => new PagedPlaceReached(page.Newest, page.Floor),
                StateChange.PositionFound found => new PagedPlaceReached(found.Newest, found.Floor),
                _ => _place,
            };
        }
        if (LaneOf(receipt.Batch) is not { } lane || !_lanes.TryGetValue(lane, out var queue))
            return;
        if (queue.TryPeek(out var first) && first == receipt)
            queue.Dequeue();
        if (!queue.TryPeek(out var next))
            _lanes.Remove(lane);
        else if (next.SettledRun > next.RecordedEvents)
            _settled.Add((next, 0));
    }

    /// <summary>What was settled since the last call.</summary>
    /// <param name="queue">All receipts that are no progress yet.</param>
    public List<StateChange> Take(Queue<Receipt> queue)
    {
        var changes = new List<StateChange>();
        TakePaged(queue, changes);
        if (_placeless == 0)
        {
            foreach (var lane in _settled.Where(one => !one.Receipt.IsProgress).Select(one => LaneOf(one.Receipt.Batch)).OfType<(DateOnly, string)>().Distinct())
                TakeLane(_lanes[lane], changes);
        }
        _settled.Clear();
        return changes;
    }

    public void Clear()
    {
        _settled.Clear();
        _lanes.Clear();
    }

    private void TakePaged(Queue<Receipt> queue, List<StateChange> changes)
    {
        ImmutableArray<SettledEvent>.Builder? events = null;
        foreach (var (receipt, slice) in _settled)
        {
            // Where something could not be decoded, keys and events do not go side by side: that batch waits for its end.
            if (receipt.IsProgress || receipt.Batch.Changes is not [StateChange.PageSettled page] || page.Events.Length != receipt.Batch.Events.Count)
                continue;
            var (start, count) = (receipt.Slices[slice].Start, receipt.Slices[slice].Count);
            (events ??= ImmutableArray.CreateBuilder<SettledEvent>()).AddRange(page.Events.AsSpan(start, count));
            changes.AddRange(Uploads.Of(receipt.Batch, start, count));
        }
        if (events is null)
            return;
        // Before the first progress of all, the place is where the first page began to look.
        var place = _place ?? (queue.TryPeek(out var front) && front.Batch.Changes is [StateChange.PageSettled first] ? new PagedPlaceReached(first.Floor, first.Floor) : null);
        if (place is null)
            changes.Clear();
        else
            changes.Add(new StateChange.PageSettled(place.Newest, place.Floor, events.DrainToImmutable()));
    }

    private static void TakeLane(Queue<Receipt> lane, List<StateChange> changes)
    {
        while (lane.TryPeek(out var receipt))
        {
            var (from, to) = (receipt.RecordedEvents, receipt.SettledRun);
            if (receipt.IsClosed)
            {
                changes.AddRange(receipt.Batch.Changes);
                changes.AddRange(Uploads.Of(receipt.Batch, from, to - from));
                receipt.IsRecorded = true;
                lane.Dequeue();
                continue;
            }
            if (to > from && Cursor(receipt.Batch, to) is { } advanced)
            {
                changes.Add(advanced);
                changes.AddRange(Uploads.Of(receipt.Batch, from, to - from));
                receipt.RecordedEvents = to;
            }
            return;
        }
    }

    /// <summary>The place behind the first events of a batch; null when the last of them has none.</summary>
    private static StateChange.ChunkAdvanced? Cursor(SourceBatch batch, int events)
    {
        var cursor = batch.Events[events - 1].Cursor;
        return cursor.Length > 0 && LaneOf(batch) is var (day, chunk) ? new StateChange.ChunkAdvanced(day, chunk, batch.Events.TextString(cursor)) : null;
    }

    private static bool IsPlaceless(Receipt receipt) => receipt.Batch.Changes.Count == 0 && receipt.Batch.Events.Count > 0;

    private static (DateOnly Day, string Chunk)? LaneOf(SourceBatch batch) => batch.Changes switch
    {
        [StateChange.ChunkAdvanced one] => (one.Day, one.Chunk),
        [StateChange.ChunkCompleted one] => (one.Day, one.Chunk),
        _ => null,
    };
}
