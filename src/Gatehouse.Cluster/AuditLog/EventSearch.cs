using System.Buffers;
using System.Text;
using Gatehouse.Events;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>What a client searches.</summary>
/// <param name="From">First time in nanoseconds, inclusive.</param>
/// <param name="To">Last time, inclusive.</param>
/// <param name="Types">Wanted event types; empty is all.</param>
/// <param name="Limit">Most events of a page.</param>
/// <param name="NewestFirst">Order of the page.</param>
/// <param name="After">Place of the last event of the page before; null is the start.</param>
internal sealed record SearchRequest(long From, long To, IReadOnlySet<string> Types, int Limit, bool NewestFirst, SearchPosition? After);

/// <summary>
/// Pages of the log in the order of time (teleport-wire 4.2, 6.3). Days and segments outside the window are not opened; those inside are
/// merged lazily, so a page costs what it shows.
/// </summary>
internal sealed class EventSearch(EventLog log)
{
    /// <summary>As the real one: a page ends before it holds more than this, unless it is one event.</summary>
    public const int MaxPageBytes = 1024 * 1024;

    private const int UsualItemBytes = 1024;

    /// <summary>Wire bytes of an <c>EventsUnstructured</c> message. Its key is empty exactly when nothing follows.</summary>
    public ReadOnlyMemory<byte> Page(SearchRequest request, CancellationToken cancellation)
    {
        // Room for a page of usual events at once: growing to it would make twice the garbage.
        var page = new ArrayBufferWriter<byte>(Math.Min(request.Limit * UsualItemBytes, MaxPageBytes + UsualItemBytes));
        var (count, last) = (0, default(SearchPosition));
        var more = false;
        foreach (var day in DaysOf(request))
        {
            cancellation.ThrowIfCancellationRequested();
            using var merge = new SegmentMerge(log.Segments(day), request);
            while (merge.Next() is var (view, entry, position))
            {
                if (count == request.Limit || (count > 0 && page.WrittenCount + entry.ItemLength > MaxPageBytes))
                {
                    more = true;
                    break;
                }
                view.ReadWire(entry.Offset, page.GetSpan(entry.ItemLength)[..entry.ItemLength]);
                page.Advance(entry.ItemLength);
                (count, last) = (count + 1, position);
            }
            if (more)
                break;
        }
        if (more)
            EventEncoder.WritePageKey(Encoding.ASCII.GetBytes(last.ToString()), page);
        ClusterMetrics.EventsSearched.Add(count);
        return page.WrittenMemory;
    }

    private IEnumerable<DateOnly> DaysOf(SearchRequest request)
    {
        var (from, to) = (request.From, request.To);
        if (request.After is { } after)
        {
            if (request.NewestFirst)
                to = Math.Min(to, after.Nanoseconds);
            else
                from = Math.Max(from, after.Nanoseconds);
        }
        if (from > to)
            return [];
        var days = log.Days(LogTime.Day(from), LogTime.Day(to));
        return request.NewestFirst ? days.Reverse() : days;
    }
}
