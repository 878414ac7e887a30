using System.Globalization;
using Gatehouse.Events;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// Times of events as nanoseconds since 1970 (UTC). Real logs carry up to nine fraction digits, so ticks of 100 ns would lose
/// order; 64 bits reach from 1678 to 2261.
/// </summary>
internal static class LogTime
{
    private const long PerSecond = 1_000_000_000;
    private const long Edge = long.MaxValue / PerSecond - 1;

    public static bool TryFrom(EventTime time, out long nanoseconds)
    {
        nanoseconds = FromClamped(time.Seconds, time.Nanos);
        return time.Seconds is >= -Edge and <= Edge;
    }

    /// <summary>A bound of a search: what lies beyond the range is its end.</summary>
    public static long FromClamped(long seconds, int nanos) => Math.Clamp(seconds, -Edge, Edge) * PerSecond + nanos;

    public static DateOnly Day(long nanoseconds) => DateOnly.FromDateTime(DateTime.UnixEpoch.AddTicks(nanoseconds / 100 - (nanoseconds % 100 < 0 ? 1 : 0)));

    /// <summary>As our own events write it: milliseconds, trailing zeros cut, like the real one.</summary>
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFF'Z'", CultureInfo.InvariantCulture);
}
