using System.Globalization;
using Gatehouse.Cluster.Storage;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// The files of one segment, <c>log/YYYY-MM-DD/NAME.*</c>; a segment holds events of one UTC day.
/// <list type="bullet">
/// <item><c>.ndjson</c> is the truth: one event a line, exactly as it was logged, each line fsynced before it is acknowledged.</item>
/// <item><c>.pb</c> and <c>.idx</c> are made from it when it is sealed (<see cref="SegmentContent"/>, <see cref="SegmentIndex"/>) and can be
/// made again at any time.</item>
/// </list>
/// A segment is sealed once its <c>.idx</c> is there and agrees with the other two; from then on nothing in it changes. A crash leaves at most
/// an unsealed <c>.ndjson</c> with a torn last line, which was acknowledged to nobody: <see cref="Seal"/> cuts it off. Names are the
/// time of creation in milliseconds and only ever grow, so they also say which segment came first.
/// </summary>
internal sealed record SegmentFiles(string Directory, string Name)
{
    private const string NameFormat = "yyyyMMdd'T'HHmmssfff";

    public string Lines => Path.Combine(Directory, Name + ".ndjson");
    public string Wire => Path.Combine(Directory, Name + ".pb");
    public string Index => Path.Combine(Directory, Name + ".idx");

    public static string NameAt(DateTimeOffset time) => time.UtcDateTime.ToString(NameFormat, CultureInfo.InvariantCulture);

    /// <summary>Time in a name; null when the name is not ours.</summary>
    public static DateTimeOffset? TimeOf(string name) =>
        DateTime.TryParseExact(name, NameFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? time : null;

    /// <summary>The index of a sealed segment, or null when it is not sealed or damaged.</summary>
    public SegmentIndex? ReadIndex()
    {
        var (lines, wire, index) = (new FileInfo(Lines), new FileInfo(Wire), new FileInfo(Index));
        return lines.Exists && wire.Exists && index.Exists ? SegmentIndex.Decode(File.ReadAllBytes(Index), lines.Length, wire.Length) : null;
    }

    /// <summary>Writes the two derived files, the index last.</summary>
    public void WriteDerived(SegmentIndex index, ReadOnlySpan<byte> wire, long linesLength)
    {
        Disk.WriteAtomically(Wire, wire);
        Disk.WriteAtomically(Index, index.Encode(linesLength, wire.Length));
    }

    /// <summary>Seals what a crash left behind: cuts a torn last line, reads the others again, writes the derived files.</summary>
    /// <param name="unreadable">Told of each whole line that is no event, with its number. It stays in the file and is not served.</param>
    public SegmentIndex Seal(Action<long, string> unreadable)
    {
        var bytes = File.ReadAllBytes(Lines);
        var whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole < bytes.Length)
        {
            using var file = new FileStream(Lines, FileMode.Open, FileAccess.Write, FileShare.Read);
            file.SetLength(whole);
            file.Flush(flushToDisk: true);
        }
        var content = new SegmentContent();
        var rest = bytes.AsSpan(0, whole);
        for (long number = 1; !rest.IsEmpty; number++)
        {
            var end = rest.IndexOf((byte)'\n');
            var line = rest[..end];
            rest = rest[(end + 1)..];
            if (!LogLine.TryRead(line, out var fields, out var nanoseconds, out var problem) || !content.TryAdd(line, fields, nanoseconds, out problem))
                unreadable(number, problem);
        }
        content.Publish();
        var (index, wire) = content.Read();
        WriteDerived(index, wire.Span, whole);
        return index;
    }

    public void Delete()
    {
        File.Delete(Index);
        File.Delete(Wire);
        File.Delete(Lines);
    }
}
