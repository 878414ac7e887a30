namespace Gatehouse.Cluster.AuditLog;

/// <summary>A segment as readers see it: open and in memory, or sealed and on disk. Events never leave it and never change.</summary>
internal sealed class Segment
{
    private readonly SegmentCache _cache;
    private SegmentContent? _open;
    private long _min = long.MaxValue, _max = long.MinValue;

    private Segment(SegmentFiles files, DateOnly day, SegmentCache cache) => (Files, Day, _cache) = (files, day, cache);

    public SegmentFiles Files { get; }
    public string Name => Files.Name;
    public DateOnly Day { get; }
    public bool IsSealed => Volatile.Read(ref _open) is null;

    /// <summary>Times of its first and last event in nanoseconds; first above last when it has none.</summary>
    public (long Min, long Max) Range
    {
        get
        {
            if (Volatile.Read(ref _open) is not { } open)
                return (_min, _max);
            var index = open.Read().Index;
            return (index.MinNanoseconds, index.MaxNanoseconds);
        }
    }

    public static Segment Opened(SegmentFiles files, DateOnly day, SegmentContent content, SegmentCache cache) => new(files, day, cache) { _open = content };

    public static Segment Sealed(SegmentFiles files, DateOnly day, SegmentIndex index, SegmentCache cache) =>
        new(files, day, cache) { _min = index.MinNanoseconds, _max = index.MaxNanoseconds };

    /// <summary>From now on readers go to the files.</summary>
    public void BecomeSealed(SegmentIndex index)
    {
        (_min, _max) = (index.MinNanoseconds, index.MaxNanoseconds);
        Volatile.Write(ref _open, null);
    }

    /// <summary>Opens it for reading as it is now.</summary>
    public SegmentView Read()
    {
        if (Volatile.Read(ref _open) is not { } open)
            return new SegmentView(this, _cache.Index(Files), default);
        var (index, wire) = open.Read();
        return new SegmentView(this, index, wire);
    }
}
