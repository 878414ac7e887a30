using System.Collections.Immutable;

namespace Gatehouse.EventHandler.State;

/// <summary>One step of progress. A checkpoint record is a list of these, applied together or not at all. A closed list.</summary>
public abstract record StateChange
{
    private StateChange() { }

    /// <summary>First start in this directory.</summary>
    public sealed record Started(DateTimeOffset StartTime) : StateChange;

    /// <summary>The mode is settled and stays so for this directory.</summary>
    public sealed record ModeChosen(SourceMode Mode) : StateChange;

    /// <summary>
    /// Paged mode: these events are settled. <paramref name="Newest"/> is the newest event time seen so far (filtered events count);
    /// ids older than <paramref name="Floor"/> may be forgotten, because nothing before it is looked at again.
    /// </summary>
    public sealed record PageSettled(DateTime Newest, DateTime Floor, ImmutableArray<SettledEvent> Events) : StateChange;

    /// <summary>A position in upstream's terms (its state, or --cursor) that is still to be found in the log.</summary>
    public sealed record PositionTakenOver(UpstreamPosition Position) : StateChange;

    /// <summary>Paged mode: the position taken over from upstream, or given by --cursor, has been found; reading goes on from here.</summary>
    public sealed record PositionFound(DateTime Newest, DateTime Floor, ImmutableArray<SettledEvent> Events) : StateChange;

    /// <summary>Bulk mode: the handler looks after this UTC day from now on.</summary>
    public sealed record DayOpened(DateOnly Day) : StateChange;

    /// <summary>Bulk mode: everything of the chunk up to the cursor is settled.</summary>
    public sealed record ChunkAdvanced(DateOnly Day, string Chunk, string Cursor) : StateChange;

    public sealed record ChunkCompleted(DateOnly Day, string Chunk) : StateChange;

    /// <summary>Bulk mode: the day is no longer looked after; its chunks are forgotten, and days up to it are not opened again.</summary>
    public sealed record DayClosed(DateOnly Day) : StateChange;

    /// <summary>A recording is to be streamed. One that is known already keeps its index.</summary>
    public sealed record SessionQueued(string SessionId, DateTime UploadedAt) : StateChange;

    /// <summary>The recording's events below <paramref name="NextIndex"/> are settled.</summary>
    public sealed record SessionAdvanced(string SessionId, long NextIndex) : StateChange;

    public sealed record SessionCompleted(string SessionId) : StateChange;

    /// <summary>The recording is not there (yet); it is tried again at <paramref name="NextTry"/>.</summary>
    public sealed record SessionMissing(string SessionId, long NextIndex, int Attempts, DateTime UploadedAt, DateTime NextTry) : StateChange;

    /// <summary>The recording was given up and dead-lettered.</summary>
    public sealed record SessionGivenUp(string SessionId) : StateChange;
}

/// <param name="Key">What the event is recognised by when it is read again.</param>
/// <param name="Time">Event time, UTC.</param>
public readonly record struct SettledEvent(UInt128 Key, DateTime Time);

public enum SourceMode
{
    Undecided,
    Paged,
    Bulk,
}
