using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;

namespace Gatehouse.EventHandler.State;

/// <summary>
/// The form of the files <c>checkpoint</c>, <c>checkpoint.new</c> and <c>checkpoint.previous</c>.
/// </summary>
/// <remarks>
/// <code>
/// file    "GHCKPT1\n", then records, the first of them a snapshot, the others advances
/// record  u32 length of the body, u32 CRC-32C of the length's four bytes and the body, body      (little-endian)
/// body    u64 sequence, u8 kind ('S' snapshot, 'A' advance), changes to the end (StateChangeCodec)
/// </code>
/// A snapshot holds the changes that lead from nothing to a state and carries the sequence of the last advance in it; each advance
/// counts one further. Why binary: nearly all bytes are keys of settled events, 24 each here and 70 as text, written once a batch at
/// hundreds of thousands of events a second; people read <c>gatehouse event-handler state show</c>.
/// <para>
/// An advance is one write at the end of the file and one fsync. What a crash leaves behind is a file whose last record is torn: the
/// reader takes records as long as length, checksum and sequence are right and ends before the first that is not, so an older
/// position wins, which repeats events and never loses one. The writer cuts such a tail before it appends.
/// </para>
/// <para>
/// When the file has grown, a new one begins: <c>checkpoint.new</c> is written and fsynced, <c>checkpoint</c> becomes
/// <c>checkpoint.previous</c>, <c>checkpoint.new</c> becomes <c>checkpoint</c>, the directory is fsynced. At every moment one whole
/// file is there. <c>checkpoint.previous</c> stays until the next time: it ends in the state the newer file begins with, so it stands
/// in when the newer one cannot be read at all.
/// </para>
/// </remarks>
internal static class CheckpointFile
{
    public const string Name = "checkpoint";
    public const string NewName = "checkpoint.new";
    public const string PreviousName = "checkpoint.previous";

    private const int FrameBytes = 8;
    private const int BodyHeadBytes = 9;
    private const byte Snapshot = (byte)'S';
    private const byte Advance = (byte)'A';

    private static ReadOnlySpan<byte> Head => "GHCKPT1\n"u8;

    /// <summary>A whole file with nothing but a snapshot.</summary>
    public static void WriteSnapshot(ArrayBufferWriter<byte> to, ulong sequence, HandlerState state)
    {
        to.Write(Head);
        WriteRecord(to, sequence, Snapshot, StateSnapshot.Of(state));
    }

    public static void WriteAdvance(ArrayBufferWriter<byte> to, ulong sequence, IReadOnlyList<StateChange> changes) =>
        WriteRecord(to, sequence, Advance, changes);

    private static void WriteRecord(ArrayBufferWriter<byte> to, ulong sequence, byte kind, IEnumerable<StateChange> changes)
    {
        var start = to.WrittenCount;
        var head = to.GetSpan(FrameBytes + BodyHeadBytes);
        head[..FrameBytes].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(head[FrameBytes..], sequence);
        head[FrameBytes + 8] = kind;
        to.Advance(FrameBytes + BodyHeadBytes);
        foreach (var change in changes)
            StateChangeCodec.Write(to, change);

        // The frame is known last and lies first. The writer hands out its written part read-only; it is our own buffer.
        var record = System.Runtime.InteropServices.MemoryMarshal.AsMemory(to.WrittenMemory)[start..].Span;
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - FrameBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Checksum(record));
    }

    /// <summary>Reads as far as the file is whole.</summary>
    /// <returns>Null when not even the snapshot can be read.</returns>
    /// <exception cref="InvalidDataException">A record is whole and yet not understood: a newer version wrote it.</exception>
    public static CheckpointReading? Read(Stream file)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            if (!Fill(file, buffer.AsSpan(0, Head.Length)) || !buffer.AsSpan(0, Head.Length).SequenceEqual(Head))
                return null;
            long length = Head.Length;
            CheckpointReading? reading = null;
            while (ReadRecord(file, ref buffer, out var bytes))
            {
                var body = new ByteReader(buffer.AsSpan(FrameBytes, bytes - FrameBytes));
                var sequence = body.UInt64();
                var kind = body.Byte();
                if (kind != (reading is null ? Snapshot : Advance) || (reading is not null && sequence != reading.Sequence + 1))
                    break;
                reading ??= new CheckpointReading();
                while (!body.AtEnd)
                    StateFold.Apply(reading.State, StateChangeCodec.Read(ref body));
                length += bytes;
                reading.Advanced(sequence, length);
            }
            return reading;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>One record with its frame at the front of the buffer, or false at the end of what is whole.</summary>
    private static bool ReadRecord(Stream file, ref byte[] buffer, out int bytes)
    {
        bytes = 0;
        if (!Fill(file, buffer.AsSpan(0, FrameBytes)))
            return false;
        var body = BinaryPrimitives.ReadUInt32LittleEndian(buffer);
        if (body < BodyHeadBytes || body > file.Length - file.Position || body > Array.MaxLength - FrameBytes)
            return false;
        bytes = (int)body + FrameBytes;
        if (buffer.Length < bytes)
        {
            var larger = ArrayPool<byte>.Shared.Rent(bytes);
            buffer.AsSpan(0, FrameBytes).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        return Fill(file, buffer.AsSpan(FrameBytes, (int)body))
            && Checksum(buffer.AsSpan(0, bytes)) == BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(4));
    }

    private static bool Fill(Stream file, Span<byte> buffer) =>
        file.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) == buffer.Length;

    /// <summary>Over the length and the body, which lie around the checksum's own place.</summary>
    private static uint Checksum(ReadOnlySpan<byte> record) =>
        ~Crc32C(Crc32C(uint.MaxValue, record[..4]), record[FrameBytes..]);

    private static uint Crc32C(uint crc, ReadOnlySpan<byte> bytes)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var value in bytes)
            crc = BitOperations.Crc32C(crc, value);
        return crc;
    }
}

/// <summary>What one file says.</summary>
internal sealed class CheckpointReading
{
    public HandlerState State { get; } = new();

    public ulong Sequence { get; private set; }

    /// <summary>Bytes from the start of the file that are whole.</summary>
    public long Length { get; private set; }

    /// <summary>Of these, the bytes of head and snapshot.</summary>
    public long SnapshotLength { get; private set; }

    /// <summary>Whether the snapshot already knew when it all began; the previous file then knows it too.</summary>
    public bool SnapshotHasStartTime { get; private set; }

    public void Advanced(ulong sequence, long length)
    {
        (Sequence, Length) = (sequence, length);
        if (SnapshotLength != 0)
            return;
        SnapshotLength = length;
        SnapshotHasStartTime = State.StartTime is not null;
    }
}
