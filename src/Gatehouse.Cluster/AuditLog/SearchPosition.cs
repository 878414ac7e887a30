using System.Globalization;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// A place in the log's order: time, then segment, then number within it. Events of the same time stand in order of arrival, so one that
/// arrives later with an equal time still comes after. As text (<c>last_key</c>) it is <c>g1.TIME.SEGMENT.NUMBER</c> and stays good in any
/// window, after a restart and after its segment is gone: it is compared, not looked up.
/// </summary>
internal readonly record struct SearchPosition(long Nanoseconds, string Segment, int Number) : IComparable<SearchPosition>
{
    public int CompareTo(SearchPosition other)
    {
        if (Nanoseconds.CompareTo(other.Nanoseconds) is var byTime and not 0)
            return byTime;
        return string.CompareOrdinal(Segment, other.Segment) is var bySegment and not 0 ? bySegment : Number.CompareTo(other.Number);
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"g1.{Nanoseconds}.{Segment}.{Number}");

    /// <summary>Null for a key that is not ours.</summary>
    public static SearchPosition? Parse(string key) =>
        key.Length <= 100
        && key.Split('.') is ["g1", var time, var segment, var number]
        && long.TryParse(time, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var nanoseconds)
        && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var at)
            ? new SearchPosition(nanoseconds, segment, at) : null;
}
