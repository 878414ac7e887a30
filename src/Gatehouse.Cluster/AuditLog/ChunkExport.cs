using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>Chunks of a day and their events (teleport-wire 4.2, 6.3). A chunk is a sealed segment; its file already holds the messages.</summary>
internal sealed class ChunkExport(EventLog log)
{
    private const int ReadBytes = 256 * 1024;

    /// <summary>Names of the day's sealed segments.</summary>
    public IEnumerable<string> Chunks(DateOnly day) => log.Segments(day).Where(segment => segment.IsSealed).Select(segment => segment.Name);

    public Segment? Find(DateOnly day, string chunk) => log.Segments(day).FirstOrDefault(segment => segment.IsSealed && segment.Name == chunk);

    /// <summary>Gives the messages of a chunk from a position on.</summary>
    /// <param name="skip">Events before the position.</param>
    /// <param name="write">Takes one message; its bytes are good until the call returns.</param>
    /// <returns>Events given.</returns>
    public static async Task<int> StreamAsync(Segment chunk, int skip, Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellation)
    {
        using var view = chunk.Read();
        var count = view.Index.Count;
        if (skip >= count)
            return 0;
        var (offset, end) = Extent(view.Index, skip);
        var buffer = ArrayPool<byte>.Shared.Rent(ReadBytes);
        try
        {
            var (at, filled) = (0, 0);
            for (var given = skip; given < count; given++)
            {
                cancellation.ThrowIfCancellationRequested();
                var needed = filled - at < 4 ? 4 : 4 + BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at));
                while (filled - at < needed)
                {
                    (buffer, at, filled) = Refill(view, buffer, at, filled, needed, ref offset, end);
                    needed = 4 + BinaryPrimitives.ReadInt32LittleEndian(buffer.AsSpan(at));
                }
                await write(buffer.AsMemory(at + 4, needed - 4));
                at += needed;
            }
            return count - skip;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>Moves what is left to the front, makes room for a long message, reads on.</summary>
    private static (byte[] Buffer, int At, int Filled) Refill(SegmentView view, byte[] buffer, int at, int filled, int needed, ref long offset, long end)
    {
        var left = buffer.AsSpan(at, filled - at);
        if (needed > buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(needed);
            left.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        else
        {
            left.CopyTo(buffer);
        }
        var kept = filled - at;
        var size = (int)Math.Min(buffer.Length - kept, end - offset);
        if (size <= 0)
            throw new InvalidDataException($"{view.Segment.Files.Wire} does not agree with its index");
        view.ReadWire(offset, buffer.AsSpan(kept, size));
        offset += size;
        return (buffer, 0, kept + size);
    }

    private static (long Start, long End) Extent(SegmentIndex index, int skip)
    {
        var (first, last) = (index.Entries[skip], index.Entries[^1]);
        return (first.Offset - 4, (long)last.Offset + last.Length);
    }
}
