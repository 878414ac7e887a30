using System.Buffers.Binary;

namespace Gatehouse.Events.Wire;

/// <summary>Walks the fields of one protobuf message. Every length is held against what is left before it is believed.</summary>
/// <param name="bytes">The message.</param>
/// <param name="origin">Offset of the message within what the caller was given; only for error messages.</param>
internal ref struct WireReader(ReadOnlySpan<byte> bytes, int origin = 0)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private int _position;

    /// <summary>Offset of the next byte within what the caller was given.</summary>
    public readonly int Offset => origin + _position;

    /// <summary>The next field; false at the end of the message.</summary>
    public bool ReadTag(out int field, out WireType type)
    {
        field = 0;
        type = default;
        if (_position == _bytes.Length)
            return false;
        var at = Offset;
        var tag = ReadVarint();
        if (tag > uint.MaxValue)
            throw Malformed("a field number is too large", at);
        field = (int)(tag >> 3);
        type = (WireType)(tag & 7);
        if (field == 0)
            throw Malformed("a field has number 0", at);
        if (type > WireType.Fixed32)
            throw Malformed($"wire type {(int)type} does not exist", at);
        return true;
    }

    public ulong ReadVarint()
    {
        var at = Offset;
        ulong value = 0;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if (_position == _bytes.Length)
                throw Malformed("a number is cut off", at);
            var next = _bytes[_position++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
                return value;
        }
        throw Malformed("a number is longer than ten bytes", at);
    }

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>The content of a length-delimited field, a slice of the message.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var at = Offset;
        var length = ReadVarint();
        if (length > (ulong)(_bytes.Length - _position))
            throw Malformed($"a field of {length} bytes has only {_bytes.Length - _position} left", at);
        return Take((int)length);
    }

    /// <summary>Passes over a field nobody here knows.</summary>
    public void Skip(int field, WireType type, int depth = 0)
    {
        switch (type)
        {
            case WireType.Varint:
                ReadVarint();
                break;
            case WireType.Fixed64:
                Take(8);
                break;
            case WireType.Bytes:
                ReadBytes();
                break;
            case WireType.Fixed32:
                Take(4);
                break;
            case WireType.StartGroup:
                SkipGroup(field, depth + 1);
                break;
            default:
                throw Malformed("a group ends that never began", Offset);
        }
    }

    private void SkipGroup(int group, int depth)
    {
        if (depth > EventLimits.MaxDepth)
            throw Malformed("groups lie too deep", Offset);
        while (ReadTag(out var field, out var type))
        {
            if (type == WireType.EndGroup && field == group)
                return;
            Skip(field, type, depth);
        }
        throw Malformed("a group does not end", Offset);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (_bytes.Length - _position < length)
            throw Malformed("the message is cut off", Offset);
        var slice = _bytes.Slice(_position, length);
        _position += length;
        return slice;
    }

    public static MalformedEventException Malformed(string what, int offset) => new($"malformed event: {what} (offset {offset})");
}
