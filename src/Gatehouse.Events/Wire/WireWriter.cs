using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Events.Wire;

/// <summary>
/// Writes protobuf into a rented buffer. A message inside a message is opened with one byte for its length, right nearly always; a
/// longer length moves the content up when the message is closed.
/// </summary>
internal ref struct WireWriter(int capacity)
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int _length;

    public readonly ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>Starts a length-delimited field; the answer goes to <see cref="Close"/>.</summary>
    public int Open(byte tag)
    {
        var free = Free(2);
        free[0] = tag;
        free[1] = 0;
        _length += 2;
        return _length;
    }

    public void Close(int start)
    {
        var size = _length - start;
        if (size < 0x80)
        {
            _buffer[start - 1] = (byte)size;
            return;
        }
        var extra = VarintLength((ulong)size) - 1;
        Free(extra);
        _buffer.AsSpan(start, size).CopyTo(_buffer.AsSpan(start + extra));
        WriteVarint((ulong)size, _buffer.AsSpan(start - 1));
        _length += extra;
    }

    public void PutBytes(byte tag, ReadOnlySpan<byte> bytes)
    {
        var free = Free(bytes.Length + 11);
        free[0] = tag;
        var at = 1 + WriteVarint((ulong)bytes.Length, free[1..]);
        bytes.CopyTo(free[at..]);
        _length += at + bytes.Length;
    }

    public void PutVarint(byte tag, long value)
    {
        var free = Free(11);
        free[0] = tag;
        _length += 1 + WriteVarint((ulong)value, free[1..]);
    }

    public void PutDouble(byte tag, double value)
    {
        var free = Free(9);
        free[0] = tag;
        BinaryPrimitives.WriteDoubleLittleEndian(free[1..], value);
        _length += 9;
    }

    /// <summary>At least <paramref name="size"/> bytes behind what is written, for <see cref="Advance"/>.</summary>
    public Span<byte> Free(int size)
    {
        if (_buffer.Length - _length < size)
            Grow(size);
        return _buffer.AsSpan(_length);
    }

    public void Advance(int size) => _length += size;

    public void Dispose()
    {
        if (_buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _length = 0;
    }

    private void Grow(int size)
    {
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, Math.Max(_buffer.Length * 2L, (long)_length + size)));
        Written.CopyTo(larger);
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    private static int VarintLength(ulong value)
    {
        var length = 1;
        for (; value >= 0x80; value >>= 7)
            length++;
        return length;
    }

    private static int WriteVarint(ulong value, Span<byte> target)
    {
        var at = 0;
        for (; value >= 0x80; value >>= 7)
            target[at++] = (byte)(value | 0x80);
        target[at] = (byte)value;
        return at + 1;
    }
}
