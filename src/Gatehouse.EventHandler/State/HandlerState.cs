namespace Gatehouse.EventHandler.State;

/// <summary>Everything the handler must remember, as of the newest durable record. One writer: the checkpoint.</summary>
public sealed class HandlerState
{
    public DateTimeOffset? StartTime { get; internal set; }

    public SourceMode Mode { get; internal set; }

    public PagedPosition Paged { get; } = new();

    /// <summary>Days looked after in bulk mode, oldest first.</summary>
    public SortedDictionary<DateOnly, DayProgress> Days { get; } = [];

    /// <summary>The newest day that was closed; null when none was.</summary>
    public DateOnly? ClosedThrough { get; internal set; }

    /// <summary>Recordings being streamed or waiting for it, in the order they came.</summary>
    public OrderedDictionary<string, SessionProgress> Sessions { get; } = [];

    public Dictionary<string, MissingSession> Missing { get; } = [];

    /// <summary>A position in upstream's terms that has not been found in the log yet; null when there is none.</summary>
    public UpstreamPosition? TakenOver { get; internal set; }
}

public sealed class PagedPosition
{
    /// <summary>Newest event time settled; null before the first event.</summary>
    public DateTime? Newest { get; internal set; }

    /// <summary>Nothing before this time is looked at again.</summary>
    public DateTime? Floor { get; internal set; }

    /// <summary>Settled events at or after <see cref="Floor"/>, by key; some older ones may still be among them.</summary>
    public Dictionary<UInt128, DateTime> Settled { get; } = [];

    /// <summary>How many entries make the next sweep worth its walk: twice what the last one left, so that a sweep costs O(1) an event.</summary>
    private int _sweepAt = 4096;

    internal void ForgetBelowFloor()
    {
        if (Settled.Count < _sweepAt)
            return;
        foreach (var (key, time) in Settled)
        {
            if (time < Floor)
                Settled.Remove(key);
        }
        _sweepAt = Math.Max(4096, 2 * Settled.Count);
    }

    /// <summary>What searches delivered of a day that was exported and closed since is not met again.</summary>
    internal void ForgetDays(Func<DateOnly, bool> isOver)
    {
        if (Settled.Count == 0)
            return;
        foreach (var (key, time) in Settled)
        {
            if (isOver(DateOnly.FromDateTime(time)))
                Settled.Remove(key);
        }
        Settled.TrimExcess();
    }
}

public sealed class DayProgress
{
    public HashSet<string> Completed { get; } = [];

    /// <summary>Chunk to the cursor up to which it is settled.</summary>
    public Dictionary<string, string> Cursors { get; } = [];
}

/// <param name="NextIndex">The recording's events below this index are settled.</param>
/// <param name="UploadedAt">Time of the upload event; <see cref="DateTime.MinValue"/> when taken over from upstream, which does not keep it.</param>
public sealed record SessionProgress(long NextIndex, DateTime UploadedAt);

public sealed record MissingSession(long NextIndex, int Attempts, DateTime UploadedAt, DateTime NextTry);

/// <param name="Cursor">Page key with which the page of the last delivered event was fetched; may be empty.</param>
/// <param name="Id">Last delivered event.</param>
/// <param name="WindowTime">Start of the window of that event.</param>
public sealed record UpstreamPosition(string Cursor, string Id, DateTimeOffset? WindowTime);
