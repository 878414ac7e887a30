using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>One event of a segment.</summary>
/// <param name="Nanoseconds">Its time.</param>
/// <param name="Offset">Where its message starts in the segment's wire bytes, behind its prefix.</param>
/// <param name="Length">Length of the whole message, cursor included.</param>
/// <param name="ItemLength">Length of the message's first field, tag and length included: that is the event without its cursor.</param>
/// <param name="Type">Number of its type in <see cref="SegmentIndex.Types"/>.</param>
internal readonly record struct SegmentEntry(long Nanoseconds, int Offset, int Length, int ItemLength, int Type);

/// <summary>
/// What a search needs of a segment, 24 bytes an event. On disk (<c>.idx</c>), little-endian:
/// <code>
/// "GHIDX002"  u32 events  u32 types  i64 length of .ndjson  i64 length of .pb
/// per type:   u16 length, UTF-8
/// per event, in order of arrival: i64 time, u32 offset, u32 length, u32 item length, u32 type
/// SHA-256 of all before
/// </code>
/// A file that does not agree with its own checksum or with the lengths of its neighbours is made anew from the <c>.ndjson</c>.
/// </summary>
internal sealed class SegmentIndex
{
    private const int HeaderBytes = 32, EntryBytes = 24, HashBytes = 32;
    private static ReadOnlySpan<byte> Magic => "GHIDX002"u8;

    private readonly SegmentEntry[] _entries;
    private int[]? _byTime;

    /// <param name="entries">In order of arrival; may be longer than <paramref name="count"/>.</param>
    public SegmentIndex(SegmentEntry[] entries, int count, string[] types)
    {
        (_entries, Count, Types) = (entries, count, types);
        MinNanoseconds = long.MaxValue;
        MaxNanoseconds = long.MinValue;
        foreach (ref readonly var entry in Entries)
        {
            MinNanoseconds = Math.Min(MinNanoseconds, entry.Nanoseconds);
            MaxNanoseconds = Math.Max(MaxNanoseconds, entry.Nanoseconds);
        }
    }

    public int Count { get; }
    public string[] Types { get; }
    public long MinNanoseconds { get; }
    public long MaxNanoseconds { get; }

    /// <summary>In order of arrival.</summary>
    public ReadOnlySpan<SegmentEntry> Entries => _entries.AsSpan(0, Count);

    /// <summary>Numbers of the entries, sorted by time and then by arrival. Made at first use; two threads may make it twice, equally.</summary>
    public int[] ByTime
    {
        get
        {
            if (_byTime is { } made)
                return made;
            var order = new int[Count];
            for (var i = 0; i < order.Length; i++)
                order[i] = i;
            Array.Sort(order, (a, b) => _entries[a].Nanoseconds.CompareTo(_entries[b].Nanoseconds) is var byTime and not 0 ? byTime : a.CompareTo(b));
            return _byTime = order;
        }
    }

    public byte[] Encode(long linesLength, long wireLength)
    {
        var size = HeaderBytes + Types.Sum(type => 2 + Encoding.UTF8.GetByteCount(type)) + Count * EntryBytes + HashBytes;
        var bytes = new byte[size];
        var to = bytes.AsSpan();
        Magic.CopyTo(to);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], Count);
        BinaryPrimitives.WriteInt32LittleEndian(to[12..], Types.Length);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], linesLength);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], wireLength);
        to = to[HeaderBytes..];
        foreach (var type in Types)
        {
            var length = Encoding.UTF8.GetBytes(type, to[2..]);
            BinaryPrimitives.WriteUInt16LittleEndian(to, (ushort)length);
            to = to[(2 + length)..];
        }
        foreach (ref readonly var entry in Entries)
        {
            BinaryPrimitives.WriteInt64LittleEndian(to, entry.Nanoseconds);
            BinaryPrimitives.WriteInt32LittleEndian(to[8..], entry.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(to[12..], entry.Length);
            BinaryPrimitives.WriteInt32LittleEndian(to[16..], entry.ItemLength);
            BinaryPrimitives.WriteInt32LittleEndian(to[20..], entry.Type);
            to = to[EntryBytes..];
        }
        SHA256.HashData(bytes.AsSpan(0, size - HashBytes), to);
        return bytes;
    }

    /// <summary>Null when the bytes are damaged or belong to other files.</summary>
    public static SegmentIndex? Decode(ReadOnlySpan<byte> bytes, long linesLength, long wireLength)
    {
        if (bytes.Length < HeaderBytes + HashBytes || !bytes.StartsWith(Magic))
            return null;
        var body = bytes[..^HashBytes];
        if (!SHA256.HashData(body).AsSpan().SequenceEqual(bytes[^HashBytes..])
            || BinaryPrimitives.ReadInt64LittleEndian(body[16..]) != linesLength
            || BinaryPrimitives.ReadInt64LittleEndian(body[24..]) != wireLength)
            return null;
        // Behind a right checksum the layout is ours.
        var entries = new SegmentEntry[BinaryPrimitives.ReadInt32LittleEndian(body[8..])];
        var types = new string[BinaryPrimitives.ReadInt32LittleEndian(body[12..])];
        var from = body[HeaderBytes..];
        for (var i = 0; i < types.Length; i++)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(from);
            types[i] = Encoding.UTF8.GetString(from.Slice(2, length));
            from = from[(2 + length)..];
        }
        foreach (ref var entry in entries.AsSpan())
        {
            entry = new SegmentEntry(
                BinaryPrimitives.ReadInt64LittleEndian(from),
                BinaryPrimitives.ReadInt32LittleEndian(from[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[12..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[16..]),
                BinaryPrimitives.ReadInt32LittleEndian(from[20..]));
            from = from[EntryBytes..];
        }
        return new SegmentIndex(entries, entries.Length, types);
    }
}
