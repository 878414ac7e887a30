using System.Globalization;
using Gatehouse.Cluster.Storage;
using Gatehouse.Hosting.Files;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// How processes other than the server add to the log: <c>auth sign</c> and <c>audit-log import</c> write whole segments to
/// <c>log/incoming/YYYY-MM-DD.ID.{pb,idx,ndjson}</c>, the <c>.ndjson</c> last, and the server takes them over by renaming, at its start
/// and while it runs. A rename happens or does not, so nothing is lost or doubled whoever dies when, and no two processes ever write one file.
/// What a process that died left half written is removed by the server once it is a day old: younger files may still be in somebody's hands.
/// </summary>
internal static class IncomingSegments
{
    private const string DayFormat = "yyyy-MM-dd";

    /// <summary>Hands over events of one day. When this returns they are durable.</summary>
    public static void Put(DataDirectory data, DateOnly day, SegmentContent content, ReadOnlySpan<byte> lines)
    {
        var name = day.ToString(DayFormat, CultureInfo.InvariantCulture) + "." + Guid.NewGuid().ToString("N");
        var files = new SegmentFiles(data.Incoming, name);
        content.Publish();
        var (index, wire) = content.Read();
        files.WriteDerived(index, wire.Span, lines.Length);
        Disk.WriteAtomically(files.Lines, lines);
    }

    /// <summary>Whole segments that wait, oldest first.</summary>
    public static IReadOnlyList<(DateOnly Day, SegmentFiles Files)> Waiting(DataDirectory data) =>
        Directory.EnumerateFiles(data.Incoming, "*.ndjson")
            .Select(path => new SegmentFiles(data.Incoming, Path.GetFileNameWithoutExtension(path)))
            .Where(files => !files.Name.StartsWith('.') && DayOf(files) is not null)
            .OrderBy(files => File.GetLastWriteTimeUtc(files.Lines)).ThenBy(files => files.Name, StringComparer.Ordinal)
            .Select(files => (DayOf(files)!.Value, files))
            .ToList();

    /// <summary>Removes unfinished files, and derived ones whose lines never came, of processes that have died.</summary>
    public static void RemoveLeftovers(DataDirectory data, DateTimeOffset now)
    {
        Disk.RemoveUnfinished(data.Incoming, now);
        foreach (var path in Directory.EnumerateFiles(data.Incoming))
        {
            if (Path.GetExtension(path) is ".pb" or ".idx" && !File.Exists(Path.ChangeExtension(path, ".ndjson")) && Disk.IsAbandoned(path, now))
                File.Delete(path);
        }
    }

    /// <summary>Reads a segment that waits, and mends its derived files, so that only what can be served is renamed into the log.</summary>
    /// <param name="unreadable">Told of each line that is no event.</param>
    /// <exception cref="IOException">It cannot be read, or <see cref="UnauthorizedAccessException"/>.</exception>
    public static SegmentIndex Read(SegmentFiles files, Action<long, string> unreadable)
    {
        File.OpenHandle(files.Lines).Dispose();
        if (File.Exists(files.Wire))
            File.OpenHandle(files.Wire).Dispose();
        return files.ReadIndex() ?? files.Seal(unreadable);
    }

    /// <summary>Renames a segment into the log. The lines go last: until then it still waits and is taken over again after a crash.</summary>
    public static void Move(SegmentFiles from, SegmentFiles to)
    {
        Disk.CreateDirectory(to.Directory);
        if (File.Exists(from.Wire))
            File.Move(from.Wire, to.Wire, overwrite: true);
        if (File.Exists(from.Index))
            File.Move(from.Index, to.Index, overwrite: true);
        File.Move(from.Lines, to.Lines);
        DirectorySync.Flush(to.Directory);
        DirectorySync.Flush(Path.GetDirectoryName(to.Directory)!);
        DirectorySync.Flush(from.Directory);
    }

    private static DateOnly? DayOf(SegmentFiles files) =>
        DateOnly.TryParseExact(files.Name.Split('.')[0], DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
}
