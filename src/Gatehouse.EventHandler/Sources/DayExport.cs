namespace Gatehouse.EventHandler.Sources;

/// <summary>One UTC day of a bulk export: which chunks are known, wait, run. Touched by the coordinating loop alone.</summary>
internal sealed class DayExport
{
    /// <summary>
    /// Today's list is asked for soon after it brought something: chunks are sealed within seconds at best, and this is what a fresh
    /// event waits. Each list that brings nothing doubles the wait, up to what upstream always waits.
    /// </summary>
    private static readonly TimeSpan ShortestPoll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestPoll = TimeSpan.FromSeconds(16);

    private readonly HashSet<string> _known;
    private readonly Queue<(string Chunk, string Cursor)> _waiting = new();
    private readonly List<RunningChunk> _running = [];
    private TimeSpan _poll = ShortestPoll;

    /// <param name="completed">Chunks that were read to their end in earlier runs.</param>
    /// <param name="cursors">Chunks begun in earlier runs; they go first.</param>
    public DayExport(DateOnly day, IEnumerable<string> completed, IEnumerable<KeyValuePair<string, string>> cursors)
    {
        Day = day;
        _known = [.. completed];
        foreach (var (chunk, cursor) in cursors)
        {
            if (_known.Add(chunk))
                _waiting.Enqueue((chunk, cursor));
        }
    }

    public DateOnly Day { get; }

    /// <summary>When the list is to be asked for next; long past at first.</summary>
    public DateTimeOffset NextPoll { get; private set; } = DateTimeOffset.MinValue;

    /// <summary>The list being asked for, if one is.</summary>
    public Task<List<string>>? Listing { get; set; }

    public IReadOnlyList<RunningChunk> Running => _running;

    /// <summary>The newest list held nothing unknown.</summary>
    public bool Quiet { get; private set; }

    /// <summary>Nothing new and nothing under way, but for chunks in trouble of their own.</summary>
    public bool Idle => Quiet && Listing is null && _waiting.Count == 0 && _running.TrueForAll(chunk => chunk.IsParked);

    /// <summary>Nothing new and nothing under way at all.</summary>
    public bool Done => Idle && _running.Count == 0;

    /// <summary>Nothing new and nothing under way, but for chunks that are listed and not there.</summary>
    public bool DoneButForAbsent => Idle && _running.TrueForAll(chunk => chunk.IsAbsent());

    public void TakeList(IReadOnlyList<string> chunks, DateTimeOffset now, bool isToday)
    {
        Listing = null;
        var unknown = 0;
        foreach (var chunk in chunks)
        {
            if (!_known.Add(chunk))
                continue;
            _waiting.Enqueue((chunk, ""));
            unknown++;
        }
        Quiet = unknown == 0;
        _poll = !isToday ? LongestPoll : unknown > 0 ? ShortestPoll : Shorter(_poll * 2, LongestPoll);
        NextPoll = now + _poll;
    }

    /// <summary>Starts waiting chunks while there is room. Those in trouble do not take any, up to a bound.</summary>
    public void Start(int slots, Func<string, string, RunningChunk> start)
    {
        var parked = Math.Min(_running.Count(chunk => chunk.IsParked), MaxParked);
        while (_waiting.Count > 0 && _running.Count - parked < slots)
        {
            var (chunk, cursor) = _waiting.Dequeue();
            _running.Add(start(chunk, cursor));
        }
    }

    /// <summary>Takes out the chunks that ended and returns their tasks, to be awaited for what they threw.</summary>
    public IReadOnlyList<Task> TakeEnded()
    {
        var ended = _running.FindAll(chunk => chunk.Reading.IsCompleted).ConvertAll(chunk => chunk.Reading);
        if (ended.Count > 0)
            _running.RemoveAll(chunk => chunk.Reading.IsCompleted);
        return ended;
    }

    /// <summary>Asks for the list without waiting out the poll interval.</summary>
    public void PollNow() => NextPoll = DateTimeOffset.MinValue;

    /// <summary>More chunks in trouble than this hold their slots, so that a server which lists what it does not have is not asked for all of it at once.</summary>
    private const int MaxParked = 100;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

/// <param name="Chunk">Its name.</param>
/// <param name="Reading">Ends when the chunk is read to its end; fails only for good.</param>
/// <param name="Parked">Ends when the chunk is in trouble.</param>
/// <param name="IsAbsent">Whether the cluster lists it and does not find it.</param>
internal sealed record RunningChunk(string Chunk, Task Reading, Task Parked, Func<bool> IsAbsent)
{
    public bool IsParked => Parked.IsCompleted && !Reading.IsCompleted;
}
