using System.Buffers;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>Chunks of a day and their events (teleport-wire 4.2, 6.3). A chunk is a sealed segment; its file already holds the messages.</summary>
internal sealed class ChunkExport(EventLog log)
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>Names of the day's sealed segments.</summary>
    public IEnumerable<string> Chunks(DateOnly day) => log.Segments(day).Where(segment => segment.IsSealed).Select(segment => segment.Name);

    public Segment? Find(DateOnly day, string chunk) => log.Segments(day).FirstOrDefault(segment => segment.IsSealed && segment.Name == chunk);

    /// <summary>Copies the messages of a chunk from a position on, with gRPC's prefixes, in blocks that end anywhere.</summary>
    /// <param name="skip">Events before the position.</param>
    /// <param name="write">Takes one block; its bytes are good until the call returns.</param>
    /// <returns>Events given.</returns>
    public static async Task<int> StreamAsync(Segment chunk, int skip, Func<ReadOnlyMemory<byte>, ValueTask> write, CancellationToken cancellation)
    {
        using var view = chunk.Read();
        var count = view.Index.Count;
        if (skip >= count)
            return 0;
        var (offset, end) = Extent(view.Index, skip);
        var block = ArrayPool<byte>.Shared.Rent(BlockBytes);
        try
        {
            while (offset < end)
            {
                cancellation.ThrowIfCancellationRequested();
                var size = (int)Math.Min(BlockBytes, end - offset);
                view.ReadWire(offset, block.AsSpan(0, size));
                await write(block.AsMemory(0, size));
                offset += size;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(block);
        }
        return count - skip;
    }

    private static (long Start, long End) Extent(SegmentIndex index, int skip)
    {
        var (first, last) = (index.Entries[skip], index.Entries[^1]);
        return (first.Offset - SegmentContent.PrefixBytes, (long)last.Offset + last.Length);
    }
}
