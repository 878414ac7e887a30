using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Gatehouse.Events.Text;

namespace Gatehouse.Events.Wire;

/// <summary>
/// <c>google.protobuf.Struct</c> to JSON text in one pass, for messages written the way every encoder writes them: an entry is its
/// key then its value, a value has one kind, a key comes once, nothing is unknown. At anything else, malformed bytes included, it
/// gives up and <see cref="StructTree"/> reads the document by the full rules.
/// </summary>
/// <remarks>
/// Wire: Struct { 1: repeated entry { 1: key, 2: Value } }, Value { 1: null, 2: double, 3: string, 4: bool, 5: Struct, 6: ListValue },
/// ListValue { 1: repeated Value }.
/// </remarks>
internal ref struct PlainStruct(ReadOnlySpan<byte> wire, JsonText json)
{
    // Bits of the sieve that notices a repeated key, and the number of keys up to which a hit is looked into.
    private const int SieveWords = 16;
    private const int MaxSievedKeys = 256;

    private readonly ReadOnlySpan<byte> _wire = wire;

    public JsonText Json = json;

    /// <summary>Top-level <c>sid</c>, a slice of the wire.</summary>
    public ReadOnlySpan<byte> SessionId;

    /// <summary>Top-level <c>uid</c> is a string and not empty.</summary>
    public bool HasUid;

    public bool TryWrite() => TryObject(0, _wire.Length, 1);

    [SkipLocalsInit]
    private bool TryObject(int position, int end, int depth)
    {
        if (depth > EventLimits.MaxDepth)
            return false;
        Span<ulong> sieve = stackalloc ulong[SieveWords];
        sieve.Clear();
        var start = position;
        var count = 0;
        Json.Put((byte)'{');
        while (position < end)
        {
            var entryStart = position;
            if (!TryField(0x0A, ref position, end, out var entryEnd) || !TryField(0x0A, ref position, entryEnd, out var keyEnd))
                return false;
            var key = _wire[position..keyEnd];
            if (IsInSieve(sieve, key) && (count > MaxSievedKeys || HasKey(start, entryStart, key)))
                return false;
            position = keyEnd;
            if (!TryField(0x12, ref position, entryEnd, out var valueEnd) || valueEnd != entryEnd)
                return false;
            Json.PutKey(key, first: count++ == 0);
            if (depth == 1 && key.Length == 3)
                NoteHeader(key, position, valueEnd);
            if (!TryValue(position, valueEnd, depth))
                return false;
            position = valueEnd;
        }
        Json.Put((byte)'}');
        return true;
    }

    private bool TryList(int position, int end, int depth)
    {
        if (depth > EventLimits.MaxDepth)
            return false;
        Json.Put((byte)'[');
        var first = true;
        while (position < end)
        {
            if (!TryField(0x0A, ref position, end, out var itemEnd))
                return false;
            if (!first)
                Json.Put((byte)',');
            first = false;
            if (!TryValue(position, itemEnd, depth))
                return false;
            position = itemEnd;
        }
        Json.Put((byte)']');
        return true;
    }

    private bool TryValue(int position, int end, int depth)
    {
        if (position == end)
        {
            Json.PutRaw("null"u8);
            return true;
        }
        var length = end - position - 1;
        switch (_wire[position++])
        {
            case 0x1A:
                if (!TryLength(ref position, end, out var textEnd) || textEnd != end)
                    return false;
                Json.PutString(_wire[position..end]);
                return true;
            case 0x11:
                if (length != 8)
                    return false;
                return Json.TryPutNumber(BinaryPrimitives.ReadDoubleLittleEndian(_wire[position..]));
            case 0x20:
                if (length != 1 || _wire[position] > 1)
                    return false;
                Json.PutRaw(_wire[position] == 1 ? "true"u8 : "false"u8);
                return true;
            case 0x08:
                if (length != 1 || _wire[position] != 0)
                    return false;
                Json.PutRaw("null"u8);
                return true;
            case 0x2A:
                return TryLength(ref position, end, out var objectEnd) && objectEnd == end && TryObject(position, end, depth + 1);
            case 0x32:
                return TryLength(ref position, end, out var listEnd) && listEnd == end && TryList(position, end, depth + 1);
            default:
                return false;
        }
    }

    private void NoteHeader(ReadOnlySpan<byte> key, int position, int end)
    {
        if (key[1] != (byte)'i' || key[2] != (byte)'d' || end - position < 2 || _wire[position++] != 0x1A)
            return;
        if (!TryLength(ref position, end, out var textEnd))
            return;
        if (key[0] == (byte)'s')
            SessionId = _wire[position..textEnd];
        else if (key[0] == (byte)'u')
            HasUid = textEnd > position;
    }

    private readonly bool TryField(byte tag, ref int position, int end, out int fieldEnd)
    {
        fieldEnd = 0;
        return position < end && _wire[position++] == tag && TryLength(ref position, end, out fieldEnd);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly bool TryLength(ref int position, int end, out int fieldEnd)
    {
        if (position < end && _wire[position] is < 0x80 and var length)
        {
            fieldEnd = ++position + length;
            return fieldEnd <= end;
        }
        return TryLongLength(ref position, end, out fieldEnd);
    }

    // Four bytes hold 256 MiB; longer forms are legal but nobody writes them.
    private readonly bool TryLongLength(ref int position, int end, out int fieldEnd)
    {
        var length = 0;
        for (var shift = 0; shift < 28 && position < end; shift += 7)
        {
            var next = _wire[position++];
            length |= (next & 0x7F) << shift;
            if (next < 0x80)
            {
                fieldEnd = position + length;
                return fieldEnd <= end;
            }
        }
        fieldEnd = 0;
        return false;
    }

    /// <summary>Adds a key to the sieve; true when one that looks like it is in there already.</summary>
    private static bool IsInSieve(Span<ulong> sieve, ReadOnlySpan<byte> key)
    {
        ulong head, tail;
        if (key.Length >= 8)
        {
            head = BinaryPrimitives.ReadUInt64LittleEndian(key);
            tail = BinaryPrimitives.ReadUInt64LittleEndian(key[^8..]);
        }
        else if (key.Length >= 4)
        {
            head = BinaryPrimitives.ReadUInt32LittleEndian(key);
            tail = BinaryPrimitives.ReadUInt32LittleEndian(key[^4..]);
        }
        else
        {
            head = key.IsEmpty ? 0u : key[0];
            tail = key.IsEmpty ? 0u : (uint)(key[^1] << 8 | key[key.Length / 2]);
        }
        var hash = (head ^ ulong.RotateLeft(tail * 0x9E3779B97F4A7C15, 29) ^ (ulong)key.Length) * 0xD6E8FEB86659FD93;
        var bit = (int)(hash >> 54);
        ref var word = ref sieve[bit >> 6];
        var mask = 1UL << (bit & 63);
        var seen = (word & mask) != 0;
        word |= mask;
        return seen;
    }

    /// <summary>Whether one of the entries between two offsets, all of them well formed, has this key.</summary>
    private readonly bool HasKey(int position, int end, ReadOnlySpan<byte> key)
    {
        while (position < end)
        {
            TryField(0x0A, ref position, end, out var entryEnd);
            TryField(0x0A, ref position, entryEnd, out var keyEnd);
            if (_wire[position..keyEnd].SequenceEqual(key))
                return true;
            position = entryEnd;
        }
        return false;
    }
}
