namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// One day's segments as one sequence in the order of a search. A segment is opened when the sequence reaches its first possible event.
/// </summary>
internal sealed class SegmentMerge : IDisposable
{
    private readonly SearchRequest _request;
    private readonly List<Segment> _unopened;
    private readonly List<SegmentView> _opened = [];
    private readonly PriorityQueue<Walk, SearchPosition> _heads;

    public SegmentMerge(IEnumerable<Segment> segments, SearchRequest request)
    {
        _request = request;
        _heads = new PriorityQueue<Walk, SearchPosition>(request.NewestFirst
            ? Comparer<SearchPosition>.Create((a, b) => b.CompareTo(a))
            : Comparer<SearchPosition>.Default);
        // Kept so that the next to open is the last of the list.
        var within = segments.Select(s => (Segment: s, s.Range)).Where(s => s.Range.Min <= request.To && s.Range.Max >= request.From);
        _unopened = (request.NewestFirst ? within.OrderBy(s => s.Range.Max) : within.OrderByDescending(s => s.Range.Min)).Select(s => s.Segment).ToList();
    }

    public (SegmentView View, SegmentEntry Entry, SearchPosition Position)? Next()
    {
        while (_unopened.Count > 0 && !HeadComesBefore(_unopened[^1]))
        {
            var view = _unopened[^1].Read();
            _unopened.RemoveAt(_unopened.Count - 1);
            _opened.Add(view);
            Push(new Walk(view, _request));
        }
        if (!_heads.TryDequeue(out var walk, out var position))
            return null;
        var entry = walk.Current;
        walk.MoveNext();
        Push(walk);
        return (walk.View, entry, position);
    }

    public void Dispose()
    {
        foreach (var view in _opened)
            view.Dispose();
    }

    private bool HeadComesBefore(Segment unopened)
    {
        if (!_heads.TryPeek(out _, out var head))
            return false;
        var (min, max) = unopened.Range;
        return _request.NewestFirst ? head.Nanoseconds > max : head.Nanoseconds < min;
    }

    private void Push(Walk walk)
    {
        if (walk.Skip())
            _heads.Enqueue(walk, walk.Position);
    }

    /// <summary>A way through one segment, in the order of time or against it.</summary>
    private sealed class Walk
    {
        private readonly SearchRequest _request;
        private readonly int[] _order;
        private readonly bool[]? _wanted;
        private readonly int _step;
        private int _at;

        public Walk(SegmentView view, SearchRequest request)
        {
            (View, _request, _order, _step) = (view, request, view.Index.ByTime, request.NewestFirst ? -1 : 1);
            if (request.Types.Count > 0)
                _wanted = view.Index.Types.Select(request.Types.Contains).ToArray();
            _at = request.NewestFirst ? Count(p => Before(p) < 0) - 1 : Count(p => Before(p) <= 0);
        }

        public SegmentView View { get; }
        public SegmentEntry Current => View.Index.Entries[_order[_at]];
        public SearchPosition Position => PositionOf(_order[_at]);

        public void MoveNext() => _at += _step;

        /// <summary>Goes to the next wanted event from here on; false when there is none within the window.</summary>
        public bool Skip()
        {
            var entries = View.Index.Entries;
            for (; _at >= 0 && _at < _order.Length; _at += _step)
            {
                ref readonly var entry = ref entries[_order[_at]];
                if (_request.NewestFirst ? entry.Nanoseconds < _request.From : entry.Nanoseconds > _request.To)
                    return false;
                if (_wanted is null || _wanted[entry.Type])
                    return true;
            }
            return false;
        }

        private SearchPosition PositionOf(int number) => new(View.Index.Entries[number].Nanoseconds, View.Segment.Name, number);

        /// <summary>Where an event stands to the start of the walk: negative or zero before it (oldest first), see the constructor.</summary>
        private int Before(int number)
        {
            var position = PositionOf(number);
            if (_request.NewestFirst)
            {
                // Wanted are events at or below To and strictly below After: count those.
                if (position.Nanoseconds > _request.To)
                    return 1;
                return _request.After is { } above ? position.CompareTo(above) : -1;
            }
            if (position.Nanoseconds < _request.From)
                return -1;
            return _request.After is { } after ? position.CompareTo(after) : 1;
        }

        /// <summary>How many of the events, in order of time, fulfil a condition that the first ones do and the rest do not.</summary>
        private int Count(Func<int, bool> condition)
        {
            var (low, high) = (0, _order.Length);
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (condition(_order[middle]))
                    low = middle + 1;
                else
                    high = middle;
            }
            return low;
        }
    }
}
