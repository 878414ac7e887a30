using System.Buffers;
using Gatehouse.Cluster.Storage;
using Gatehouse.Events;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>Session recordings: <c>recordings/SID.ndjson</c>, the session's events by index, one a line; replaced whole when events are added.</summary>
internal sealed class RecordingStore(DataDirectory data)
{
    private const int MaxIdLength = 100;

    /// <summary>Ids are UUIDs; what else a file name cannot hold safely is no session of ours.</summary>
    public static bool IsValidId(string session) =>
        session.Length is > 0 and <= MaxIdLength && session.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    public bool Exists(string session) => IsValidId(session) && File.Exists(PathOf(session));

    /// <summary>Gives each event from an index on as an <c>EventUnstructured</c> message.</summary>
    /// <param name="write">Takes one message; its bytes are good until the call returns.</param>
    public async Task StreamAsync(string session, long startIndex, Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellation)
    {
        await using var file = new FileStream(PathOf(session), FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 0, FileOptions.SequentialScan);
        using var lines = new LineReader(file, LogLine.MaxBytes);
        var message = new ArrayBufferWriter<byte>(4096);
        while (await lines.ReadAsync(cancellation))
        {
            message.ResetWrittenCount();
            if (Encode(lines.Line.Span, startIndex, message))
                await write(message.WrittenMemory);
        }
    }

    /// <summary>Adds events of a session; those that are there already, equal in index and id, stay single.</summary>
    /// <returns>Events that were new.</returns>
    public int Add(string session, IEnumerable<ReadOnlyMemory<byte>> events)
    {
        var known = new SortedDictionary<(long Index, string Id), ReadOnlyMemory<byte>>(Comparer<(long Index, string Id)>.Create(
            (a, b) => a.Index != b.Index ? a.Index.CompareTo(b.Index) : string.CompareOrdinal(a.Id, b.Id)));
        if (File.Exists(PathOf(session)))
        {
            foreach (var line in Split(File.ReadAllBytes(PathOf(session))))
                known.TryAdd(Key(line.Span), line);
        }
        var added = events.Count(line => known.TryAdd(Key(line.Span), line));
        if (added == 0)
            return 0;
        var content = new ArrayBufferWriter<byte>();
        foreach (var line in known.Values)
        {
            content.Write(line.Span);
            content.Write("\n"u8);
        }
        Disk.WriteAtomically(PathOf(session), content.WrittenSpan);
        return added;
    }

    private string PathOf(string session) => Path.Combine(data.Recordings, session + ".ndjson");

    private static bool Encode(ReadOnlySpan<byte> line, long startIndex, ArrayBufferWriter<byte> message)
    {
        if (!EventDocument.TryRead(line, out var fields, out var problem))
            throw new InvalidDataException($"a recording holds a line that is no event: {problem}");
        if (fields.Index < startIndex)
            return false;
        EventEncoder.Write(fields, LogLine.Id(fields, line), line, message);
        return true;
    }

    private static (long, string) Key(ReadOnlySpan<byte> line)
    {
        EventDocument.TryRead(line, out var fields, out _);
        return (fields.Index, System.Text.Encoding.UTF8.GetString(LogLine.Id(fields, line)));
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> lines)
    {
        while (!lines.IsEmpty)
        {
            var end = lines.Span.IndexOf((byte)'\n');
            yield return end < 0 ? lines : lines[..end];
            lines = end < 0 ? default : lines[(end + 1)..];
        }
    }
}
