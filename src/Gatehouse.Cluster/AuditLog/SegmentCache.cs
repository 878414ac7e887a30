namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// Indexes of sealed segments that were read lately. 64 of them with about 8,000 events each are some 12 MB; a search walks through
/// segments in the order of time, so it comes back to few.
/// </summary>
internal sealed class SegmentCache(int capacity = 64)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<SegmentFiles, LinkedListNode<(SegmentFiles Files, SegmentIndex Index)>> _nodes = [];
    private readonly LinkedList<(SegmentFiles Files, SegmentIndex Index)> _byUse = new();

    /// <exception cref="InvalidDataException">The index is gone or damaged although the segment was sealed.</exception>
    public SegmentIndex Index(SegmentFiles files)
    {
        lock (_gate)
        {
            if (_nodes.TryGetValue(files, out var node))
            {
                _byUse.Remove(node);
                _byUse.AddFirst(node);
                return node.Value.Index;
            }
        }
        var index = files.ReadIndex() ?? throw new InvalidDataException($"{files.Index} is damaged; it is made again at the next start");
        lock (_gate)
        {
            if (_nodes.TryAdd(files, _byUse.AddFirst((files, index))))
            {
                if (_nodes.Count > capacity)
                {
                    _nodes.Remove(_byUse.Last!.Value.Files);
                    _byUse.RemoveLast();
                }
            }
            else
            {
                _byUse.RemoveFirst();
            }
        }
        return index;
    }
}
