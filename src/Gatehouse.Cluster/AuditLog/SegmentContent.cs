using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Gatehouse.Events;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// The events of a segment while it grows: wire bytes and index, both append-only. One writer; what is published may be read from
/// any thread at the same time, since published bytes never change and a grown array leaves the old one behind.
/// </summary>
/// <remarks>
/// Wire bytes (<c>.pb</c>): per event gRPC's prefix (a zero, u32 length big-endian) and an <c>ExportEventUnstructured</c> message, cursor
/// included. An export is therefore a copy of the file, and the message's first field is at the same time the item of a search page.
/// </remarks>
internal sealed class SegmentContent
{
    /// <summary>Bytes before each message.</summary>
    public const int PrefixBytes = 5;

    private readonly Dictionary<string, int> _typeNumbers = [];
    private readonly List<string> _types = [];
    private readonly ArrayBufferWriter<byte> _scratch = new(4096);
    private byte[] _wire = new byte[16 * 1024];
    private SegmentEntry[] _entries = new SegmentEntry[64];
    private int _wireLength;
    private int _count;
    private Published _published = new([], [], 0, 0, []);

    public int Count => _count;
    public int WireLength => _wireLength;

    /// <summary>Encodes an event behind the others.</summary>
    /// <param name="problem">Why it cannot be put on the wire; then nothing was added.</param>
    public bool TryAdd(ReadOnlySpan<byte> line, in EventFields fields, long nanoseconds, [NotNullWhen(false)] out string? problem)
    {
        Span<byte> cursor = stackalloc byte[ExportCursor.MaxBytes];
        cursor = cursor[..ExportCursor.After(_count, cursor)];
        _scratch.ResetWrittenCount();
        try
        {
            EventEncoder.WriteExported(fields, LogLine.Id(fields, line), line, cursor, _scratch);
        }
        catch (MalformedEventException error)
        {
            problem = error.Message;
            return false;
        }
        Append(_scratch.WrittenSpan, nanoseconds, TypeNumber(fields.Type));
        problem = null;
        return true;
    }

    /// <summary>Takes back everything behind an earlier state, as when the disk refused it.</summary>
    public void CutBack(int count, int wireLength) => (_count, _wireLength) = (count, wireLength);

    /// <summary>Lets readers see all that was added.</summary>
    public void Publish()
    {
        if (_published.Count != _count)
            Volatile.Write(ref _published, new Published(_wire, _entries, _count, _wireLength, [.. _types]));
    }

    /// <summary>Index and wire bytes as published.</summary>
    public (SegmentIndex Index, ReadOnlyMemory<byte> Wire) Read()
    {
        var published = Volatile.Read(ref _published);
        return (published.Index.Value, published.Wire.AsMemory(0, published.WireLength));
    }

    private void Append(ReadOnlySpan<byte> message, long nanoseconds, int type)
    {
        if (_wire.Length - _wireLength < PrefixBytes + message.Length)
        {
            var larger = new byte[Math.Max(_wireLength + PrefixBytes + message.Length, _wire.Length * 2)];
            _wire.AsSpan(0, _wireLength).CopyTo(larger);
            _wire = larger;
        }
        _wire[_wireLength] = 0;
        BinaryPrimitives.WriteInt32BigEndian(_wire.AsSpan(_wireLength + 1), message.Length);
        message.CopyTo(_wire.AsSpan(_wireLength + PrefixBytes));
        if (_count == _entries.Length)
            Array.Resize(ref _entries, _count * 2);
        _entries[_count++] = new SegmentEntry(nanoseconds, _wireLength + PrefixBytes, message.Length, FirstFieldLength(message), type);
        _wireLength += PrefixBytes + message.Length;
    }

    private int TypeNumber(ReadOnlySpan<byte> type)
    {
        Span<char> text = stackalloc char[type.Length];
        text = text[..Encoding.UTF8.GetChars(type, text)];
        var numbers = _typeNumbers.GetAlternateLookup<ReadOnlySpan<char>>();
        if (!numbers.TryGetValue(text, out var number))
        {
            number = _types.Count;
            _types.Add(text.ToString());
            _typeNumbers[_types[number]] = number;
        }
        return number;
    }

    /// <summary>Tag, length and body of the field a message starts with.</summary>
    private static int FirstFieldLength(ReadOnlySpan<byte> message)
    {
        var (length, at) = (0, 1);
        for (var shift = 0; ; shift += 7)
        {
            var part = message[at++];
            length |= (part & 0x7f) << shift;
            if (part < 0x80)
                return at + length;
        }
    }

    private sealed record Published(byte[] Wire, SegmentEntry[] Entries, int Count, int WireLength, string[] Types)
    {
        public Lazy<SegmentIndex> Index { get; } = new(() => new SegmentIndex(Entries, Count, Types));
    }
}
