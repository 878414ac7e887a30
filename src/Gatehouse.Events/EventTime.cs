using System.Globalization;
using System.Text;

namespace Gatehouse.Events;

/// <summary>An instant of the years 1 to 9999 with nanoseconds, as the wire's <c>Timestamp</c> has it.</summary>
/// <param name="Seconds">Seconds since 1970-01-01T00:00:00Z.</param>
/// <param name="Nanos">0 to 999,999,999.</param>
public readonly record struct EventTime(long Seconds, int Nanos) : IComparable<EventTime>
{
    /// <summary>UTC, cut to 100 ns.</summary>
    public DateTime Utc => DateTime.UnixEpoch.AddTicks(Seconds * TimeSpan.TicksPerSecond + Nanos / 100);

    /// <summary>From an instant in UTC.</summary>
    public static EventTime From(DateTime utc)
    {
        var (seconds, ticks) = Math.DivRem(utc.Ticks - DateTime.UnixEpoch.Ticks, TimeSpan.TicksPerSecond);
        return ticks < 0 ? new EventTime(seconds - 1, (int)(ticks + TimeSpan.TicksPerSecond) * 100) : new EventTime(seconds, (int)ticks * 100);
    }

    /// <summary>Reads RFC 3339 text with 0 to 9 digits of fraction and <c>Z</c> or an offset.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out EventTime time)
    {
        time = default;
        if (text.Length is < 20 or > 35 || text[10] is not ((byte)'T' or (byte)'t'))
            return false;
        var rest = text[19..];
        var nanos = 0;
        if (rest[0] == (byte)'.')
        {
            var digits = rest[1..].IndexOfAnyExceptInRange((byte)'0', (byte)'9');
            if (digits is < 1 or > 9)
                return false;
            for (var i = 1; i <= 9; i++)
                nanos = nanos * 10 + (i <= digits ? rest[i] - '0' : 0);
            rest = rest[(digits + 1)..];
        }
        Span<char> whole = stackalloc char[25];
        Encoding.Latin1.GetChars(text[..19], whole);
        whole[10] = 'T';
        var zone = rest is [(byte)'Z' or (byte)'z'] ? "+00:00"u8 : rest;
        if (zone.Length != 6)
            return false;
        Encoding.Latin1.GetChars(zone, whole[19..]);
        if (!DateTimeOffset.TryParseExact(whole, "yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture, DateTimeStyles.None, out var parsed))
            return false;
        time = new EventTime(parsed.ToUnixTimeSeconds(), nanos);
        return true;
    }

    public int CompareTo(EventTime other) => (Seconds, Nanos).CompareTo((other.Seconds, other.Nanos));

    public static bool operator <(EventTime left, EventTime right) => left.CompareTo(right) < 0;

    public static bool operator >(EventTime left, EventTime right) => left.CompareTo(right) > 0;

    public static bool operator <=(EventTime left, EventTime right) => left.CompareTo(right) <= 0;

    public static bool operator >=(EventTime left, EventTime right) => left.CompareTo(right) >= 0;
}
