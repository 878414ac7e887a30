using System.Globalization;

namespace Gatehouse.Hosting.Settings;

/// <summary>RFC 3339 instants, read with the strictness and the error texts of Go's <c>time.Parse</c>.</summary>
public static class GoTime
{
    private static readonly string[] Elements = ["2006", "-", "01", "-", "02", "T", "15", ":", "04", ":", "05"];

    /// <summary>The instant with the offset as written, or the error in Go's words.</summary>
    public static bool TryParse(string text, out DateTimeOffset value, out string? error)
    {
        value = default;
        var prefix = $"parsing time \"{text}\"";
        var rest = text.AsSpan();
        Span<int> numbers = stackalloc int[6];
        var count = 0;
        foreach (var element in Elements)
        {
            if (element.Length == 1)
            {
                if (!rest.StartsWith(element))
                    return Refuse(prefix, rest, element, out error);
            }
            else
            {
                if (rest.Length < element.Length || rest[..element.Length].IndexOfAnyExceptInRange('0', '9') >= 0)
                    return Refuse(prefix, rest, element, out error);
                numbers[count++] = int.Parse(rest[..element.Length], CultureInfo.InvariantCulture);
            }
            rest = rest[element.Length..];
        }
        var ticks = TakeFraction(ref rest);
        if (!TakeOffset(ref rest, out var offset))
            return Refuse(prefix, rest, "Z07:00", out error);
        error = !rest.IsEmpty ? $"{prefix}: extra text: \"{rest}\"" : OutOfRange(numbers, offset) is { } part ? $"{prefix}: {part} out of range" : null;
        if (error is not null)
            return false;
        var local = new DateTime(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5]).AddTicks(ticks);
        value = new DateTimeOffset(local, offset);
        return true;
    }

    private static bool Refuse(string prefix, ReadOnlySpan<char> rest, string element, out string? error)
    {
        error = $"{prefix} as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{rest}\" as \"{element}\"";
        return false;
    }

    private static long TakeFraction(ref ReadOnlySpan<char> rest)
    {
        if (rest.Length < 2 || rest[0] is not ('.' or ',') || !char.IsAsciiDigit(rest[1]))
            return 0;
        var ticks = 0L;
        var at = 1;
        for (; at < rest.Length && char.IsAsciiDigit(rest[at]); at++)
            ticks += at <= 7 ? (rest[at] - '0') * (long)Math.Pow(10, 7 - at) : 0;
        rest = rest[at..];
        return ticks;
    }

    private static bool TakeOffset(ref ReadOnlySpan<char> rest, out TimeSpan offset)
    {
        offset = default;
        if (rest.StartsWith("Z"))
        {
            rest = rest[1..];
            return true;
        }
        if (rest.Length < 6 || rest[0] is not ('+' or '-') || rest[3] != ':'
            || !int.TryParse(rest[1..3], NumberStyles.None, CultureInfo.InvariantCulture, out var hours)
            || !int.TryParse(rest[4..6], NumberStyles.None, CultureInfo.InvariantCulture, out var minutes))
            return false;
        offset = new TimeSpan(hours, minutes, 0) * (rest[0] == '-' ? -1 : 1);
        rest = rest[6..];
        return true;
    }

    private static string? OutOfRange(ReadOnlySpan<int> numbers, TimeSpan offset) => numbers switch
    {
        [0, ..] => "year",
        [_, < 1 or > 12, ..] => "month",
        [var year, var month, var day, ..] when day < 1 || day > DateTime.DaysInMonth(year, month) => "day",
        [_, _, _, > 23, ..] => "hour",
        [_, _, _, _, > 59, _] => "minute",
        [.., > 59] => "second",
        // .NET knows no more than 14 hours, and neither does any time zone.
        _ when offset.Duration() > TimeSpan.FromHours(14) => "time zone offset hour",
        [1, 1, 1, ..] or [9999, 12, 31, ..] when offset != TimeSpan.Zero => "year",
        _ => null,
    };
}
