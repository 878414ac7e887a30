using System.Collections.Immutable;

namespace Gatehouse.EventHandler.State;

/// <summary>A state as the changes that lead to it from nothing, so that a snapshot and an advance are one format.</summary>
internal static class StateSnapshot
{
    /// <summary>Settled events a change: bounds what a snapshot holds in memory at once.</summary>
    private const int EventsAChange = 4096;

    public static IEnumerable<StateChange> Of(HandlerState state)
    {
        if (state.StartTime is { } start)
            yield return new StateChange.Started(start);
        if (state.Mode != SourceMode.Undecided)
            yield return new StateChange.ModeChosen(state.Mode);
        foreach (var (day, progress) in state.Days)
        {
            yield return new StateChange.DayOpened(day);
            foreach (var chunk in progress.Completed)
                yield return new StateChange.ChunkCompleted(day, chunk);
            foreach (var (chunk, cursor) in progress.Cursors)
                yield return new StateChange.ChunkAdvanced(day, chunk, cursor);
        }
        // After the days, of which an older one than the newest closed may still be open.
        if (state.ClosedThrough is { } closed)
            yield return new StateChange.DayClosed(closed);
        // After what is closed, which forgets the events that searches delivered of it.
        foreach (var page in Settled(state.Paged))
            yield return page;
        if (state.TakenOver is { } position)
            yield return new StateChange.PositionTakenOver(position);
        foreach (var (id, session) in state.Sessions)
        {
            yield return new StateChange.SessionQueued(id, session.UploadedAt);
            if (session.NextIndex != 0)
                yield return new StateChange.SessionAdvanced(id, session.NextIndex);
        }
        foreach (var (id, missing) in state.Missing)
            yield return new StateChange.SessionMissing(id, missing.NextIndex, missing.Attempts, missing.UploadedAt, missing.NextTry);
    }

    private static IEnumerable<StateChange> Settled(PagedPosition paged)
    {
        if (paged is not { Newest: { } newest, Floor: { } floor })
            yield break;
        var events = paged.Settled
            .Where(entry => entry.Value >= floor)
            .Select(entry => new SettledEvent(entry.Key, entry.Value));
        var none = true;
        foreach (var chunk in events.Chunk(EventsAChange))
        {
            none = false;
            yield return new StateChange.PageSettled(newest, floor, ImmutableArray.Create(chunk));
        }
        if (none)
            yield return new StateChange.PageSettled(newest, floor, []);
    }
}
