using System.Buffers.Binary;
using System.Text;

namespace Gatehouse.EventHandler.State;

/// <summary>Reads fields off the front of a record; asking for more than there is, is <see cref="InvalidDataException"/>.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private ReadOnlySpan<byte> _rest = bytes;

    public readonly bool AtEnd => _rest.IsEmpty;

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > _rest.Length)
            throw new InvalidDataException("a field ends behind its record");
        var taken = _rest[..count];
        _rest = _rest[count..];
        return taken;
    }

    public byte Byte() => Bytes(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16LittleEndian(Bytes(2));

    public int Int32() => BinaryPrimitives.ReadInt32LittleEndian(Bytes(4));

    public long Int64() => BinaryPrimitives.ReadInt64LittleEndian(Bytes(8));

    public ulong UInt64() => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));

    /// <summary>A count or length: bounded by the record, since each counted thing takes at least a byte.</summary>
    public int Varint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var next = Byte();
            value |= (ulong)(next & 0x7f) << shift;
            if (next < 0x80)
                return value <= (ulong)_rest.Length ? (int)value : throw new InvalidDataException("a length is longer than its record");
        }
        throw new InvalidDataException("a length has no end");
    }

    public string Text() => Encoding.UTF8.GetString(Bytes(Varint()));
}
