using System.Collections.Immutable;
using Gatehouse.EventHandler.State;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>Where the search of the audit log stands in the checkpoint.</summary>
internal sealed record PagedPlaceReached(DateTime Newest, DateTime Floor);

/// <summary>
/// What can be recorded of the oldest batch before all of it is settled, so that a kill repeats what was on its way and not what had been
/// acknowledged long before. Not thread-safe.
/// </summary>
/// <remarks>
/// Only of the oldest: a record that runs ahead of another batch may tell of a day before the record that opens the days in between, and
/// the next start would never ask for those.
/// Searched events are recorded one by one, in whatever order they are settled: their keys are added, and the place stays where it is.
/// An export's chunk knows one cursor, which moves over the settled run from the front. A record that names upload events queues their
/// recordings too: the next start would not see these events again.
/// </remarks>
internal sealed class EarlyProgress(PagedPlaceReached? place)
{
    private PagedPlaceReached? _place = place;

    public void Advanced(Receipt receipt)
    {
        foreach (var change in receipt.Batch.Changes)
        {
            _place = change switch
            {
                StateChange.PageSettled page => new PagedPlaceReached(page.Newest, page.Floor),
                StateChange.PositionFound found => new PagedPlaceReached(found.Newest, found.Floor),
                _ => _place,
            };
        }
    }

    /// <summary>What was settled of the oldest batch since the last call.</summary>
    public List<StateChange> Take(Receipt oldest) => oldest.Batch.Changes switch
    {
        [StateChange.PageSettled page] => TakePage(oldest, page),
        [StateChange.ChunkAdvanced chunk] => TakeChunk(oldest, chunk.Day, chunk.Chunk),
        [StateChange.ChunkCompleted chunk] => TakeChunk(oldest, chunk.Day, chunk.Chunk),
        _ => [],
    };

    private List<StateChange> TakePage(Receipt oldest, StateChange.PageSettled page)
    {
        var changes = new List<StateChange>();
        // Where something could not be decoded, keys and events do not go side by side: that batch waits for its end.
        if (page.Events.Length != oldest.Batch.Events.Count)
            return changes;
        var events = ImmutableArray.CreateBuilder<SettledEvent>();
        while (oldest.Unrecorded.TryDequeue(out var slice))
        {
            var (start, count) = (oldest.Slices[slice].Start, oldest.Slices[slice].Count);
            events.AddRange(page.Events.AsSpan(start, count));
            changes.AddRange(Uploads.Of(oldest.Batch, start, count));
        }
        if (events.Count == 0)
            return changes;
        // Before the first progress of all, the place is where the first page began to look.
        var (newest, floor) = _place ?? new PagedPlaceReached(page.Floor, page.Floor);
        changes.Add(new StateChange.PageSettled(newest, floor, events.DrainToImmutable()));
        return changes;
    }

    private static List<StateChange> TakeChunk(Receipt oldest, DateOnly day, string chunk)
    {
        var (from, to) = (oldest.RecordedEvents, oldest.SettledRun);
        if (to == from || oldest.Batch.Events[to - 1].Cursor is not { Length: > 0 } cursor)
            return [];
        oldest.RecordedEvents = to;
        return [new StateChange.ChunkAdvanced(day, chunk, oldest.Batch.Events.TextString(cursor)), .. Uploads.Of(oldest.Batch, from, to - from)];
    }
}
