using System.Buffers;
using System.Globalization;
using Gatehouse.Cluster.Storage;
using Gatehouse.Events;

namespace Gatehouse.Cluster.AuditLog;

internal enum ImportOutcome
{
    Added,
    Duplicate,
    Refused,
}

/// <summary>
/// The days an import is working on: what each has already, and what it will get. A log goes through the days one after another, so few are
/// kept; one that comes again is read again.
/// </summary>
internal sealed class ImportDays(DataDirectory data)
{
    /// <summary>Days kept. Each costs up to one segment and 40 bytes for every event of the day.</summary>
    private const int MaxDays = 8;

    private const int SegmentBytes = 4 * 1024 * 1024;

    private readonly Dictionary<DateOnly, DayState> _days = [];
    private long _clock;

    public ImportOutcome Add(ReadOnlySpan<byte> line, in EventFields fields, long nanoseconds, out string? problem)
    {
        problem = null;
        var day = StateOf(LogTime.Day(nanoseconds));
        var key = KeyOf(line, fields);
        if (day.Known.Contains(key))
            return ImportOutcome.Duplicate;
        if (!day.Content.TryAdd(line, fields, nanoseconds, out problem))
            return ImportOutcome.Refused;
        day.Known.Add(key);
        day.Lines.Write(line);
        day.Lines.Write("\n"u8);
        if (day.Content.WireLength >= SegmentBytes)
            HandOver(day);
        return ImportOutcome.Added;
    }

    public void HandOverAll()
    {
        foreach (var day in _days.Values)
            HandOver(day);
    }

    private DayState StateOf(DateOnly date)
    {
        if (!_days.TryGetValue(date, out var day))
        {
            if (_days.Count == MaxDays)
            {
                var oldest = _days.Values.MinBy(state => state.LastUse)!;
                HandOver(oldest);
                _days.Remove(oldest.Date);
            }
            _days[date] = day = new DayState(date, KnownEvents(date));
        }
        day.LastUse = ++_clock;
        return day;
    }

    private void HandOver(DayState day)
    {
        if (day.Content.Count == 0)
            return;
        IncomingSegments.Put(data, day.Date, day.Content, day.Lines.WrittenSpan);
        day.Content = new SegmentContent();
        day.Lines.ResetWrittenCount();
    }

    private HashSet<UInt128> KnownEvents(DateOnly day)
    {
        // The folder of the day comes second: a segment that is taken over meanwhile is then seen at least once.
        var waiting = IncomingSegments.Waiting(data).Where(segment => segment.Day == day).Select(segment => segment.Files.Lines).ToList();
        var known = new HashSet<UInt128>();
        foreach (var path in waiting.Where(File.Exists))
            Collect(path, known);
        var folder = Path.Combine(data.Log, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
        if (Directory.Exists(folder))
        {
            foreach (var path in Directory.EnumerateFiles(folder, "*.ndjson").Where(path => !Path.GetFileName(path).StartsWith('.')))
                Collect(path, known);
        }
        return known;
    }

    private static void Collect(string path, HashSet<UInt128> known)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(path);
        }
        catch (FileNotFoundException)
        {
            // Taken over between the look and the read; it is in the day's folder now.
            return;
        }
        ReadOnlySpan<byte> rest = bytes;
        while (rest.IndexOf((byte)'\n') is var end and >= 0)
        {
            if (EventDocument.TryRead(rest[..end], out var fields, out _))
                known.Add(KeyOf(rest[..end], fields));
            rest = rest[(end + 1)..];
        }
    }

    private static UInt128 KeyOf(ReadOnlySpan<byte> line, in EventFields fields) =>
        fields.Uid.IsEmpty ? EventKey.OfContent(line) : EventKey.OfUid(fields.Uid);

    private sealed class DayState(DateOnly date, HashSet<UInt128> known)
    {
        public DateOnly Date => date;
        public HashSet<UInt128> Known => known;
        public SegmentContent Content { get; set; } = new();
        public ArrayBufferWriter<byte> Lines { get; } = new();
        public long LastUse { get; set; }
    }
}
