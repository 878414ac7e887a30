using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gatehouse.Hosting.Settings;

/// <summary>
/// Durations as Go writes them: a sign, then numbers with units <c>ns us µs ms s m h</c>. Up to about 292 years; less than 100 ns is
/// rounded away from zero, so that nothing given becomes nothing.
/// </summary>
public static class GoDuration
{
    private static readonly (string Unit, decimal Nanoseconds)[] Units =
        [("ns", 1), ("us", 1e3m), ("µs", 1e3m), ("μs", 1e3m), ("ms", 1e6m), ("s", 1e9m), ("m", 60e9m), ("h", 3600e9m)];

    private static readonly SearchValues<char> NumberCharacters = SearchValues.Create("0123456789.");

    /// <summary>The duration, or the error in Go's words.</summary>
    public static bool TryParse(string text, out TimeSpan value, out string? error)
    {
        value = default;
        error = $"time: invalid duration \"{text}\"";
        var rest = text.AsSpan();
        var negative = !rest.IsEmpty && rest[0] == '-';
        if (!rest.IsEmpty && rest[0] is '+' or '-')
            rest = rest[1..];
        if (rest is "0")
        {
            error = null;
            return true;
        }
        if (rest.IsEmpty)
            return false;
        var total = 0m;
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberCharacters);
            if (digits < 0)
                digits = rest.Length;
            var number = rest[..digits];
            // More than 19 digits are beyond every duration anyway; the bound keeps the decimal exact.
            if (digits is 0 or > 28 || !decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
                return false;
            rest = rest[digits..];
            var letters = rest.IndexOfAny(NumberCharacters);
            var unit = (letters < 0 ? rest : rest[..letters]).ToString();
            rest = rest[unit.Length..];
            if (unit.Length == 0)
            {
                error = $"time: missing unit in duration \"{text}\"";
                return false;
            }
            if (Units.FirstOrDefault(known => known.Unit == unit) is not { Unit: not null } found)
            {
                error = $"time: unknown unit \"{unit}\" in duration \"{text}\"";
                return false;
            }
            if (count > long.MaxValue / found.Nanoseconds || (total += count * found.Nanoseconds) > long.MaxValue)
                return false;
        }
        var ticks = (long)decimal.Ceiling(total / 100);
        value = TimeSpan.FromTicks(negative ? -ticks : ticks);
        error = null;
        return true;
    }

    /// <summary>As Go prints it: <c>1m0s</c>, <c>1h30m0.5s</c>, <c>500ms</c>, <c>0s</c>.</summary>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
            return "0s";
        var text = new StringBuilder(value < TimeSpan.Zero ? "-" : "");
        var ticks = (ulong)Math.Abs((decimal)value.Ticks);
        if (ticks < TimeSpan.TicksPerMicrosecond)
            return text.Append(CultureInfo.InvariantCulture, $"{ticks * 100}ns").ToString();
        if (ticks < TimeSpan.TicksPerMillisecond)
            return text.Append(CultureInfo.InvariantCulture, $"{ticks / 10m:0.###}µs").ToString();
        if (ticks < TimeSpan.TicksPerSecond)
            return text.Append(CultureInfo.InvariantCulture, $"{ticks / 10_000m:0.######}ms").ToString();
        var minutes = ticks / TimeSpan.TicksPerMinute;
        var seconds = ticks % TimeSpan.TicksPerMinute / 10_000_000m;
        if (minutes >= 60)
            text.Append(CultureInfo.InvariantCulture, $"{minutes / 60}h");
        if (minutes > 0)
            text.Append(CultureInfo.InvariantCulture, $"{minutes % 60}m");
        return text.Append(CultureInfo.InvariantCulture, $"{seconds:0.#######}s").ToString();
    }
}
