using System.Globalization;

namespace Gatehouse.Hosting.Settings.Toml;

internal sealed partial class TomlParser
{
    /// <summary>Booleans, numbers, dates and times: everything that is one word.</summary>
    private TomlValue ReadScalar(TomlPosition position)
    {
        var start = _at;
        while (_at < text.Length && IsWordCharacter(text[_at]))
            _at++;
        // A date and a time may be parted by one space.
        if (_at - start == 10 && text[start + 4] == '-' && Peek() == ' ' && _at + 1 < text.Length && char.IsAsciiDigit(text[_at + 1]))
        {
            _at++;
            while (_at < text.Length && IsWordCharacter(text[_at]))
                _at++;
        }
        var word = text[start.._at];
        if (word.Length == 0)
            throw Fail(start, _at == text.Length || Peek() is '\n' or '\r' or '#' ? "expecting a value" : $"expected a value but got {Shown()}");
        if (word is "true" or "false")
            return new TomlBoolean(position, word == "true");
        if (LooksLikeDate(word))
            return ReadDateTime(position, word) ?? throw Fail(start, $"invalid date or time {Quote(word)}");
        if (ReadNumber(position, word) is { } number)
            return number;
        _at = start;
        throw Fail(start, $"invalid value {Quote(RestOfToken())}; a text needs quotes");
    }

    private static bool IsWordCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '+' or '-' or '_' or '.' or ':';

    private static bool LooksLikeDate(string word) =>
        (word.Length >= 5 && word.AsSpan(0, 4).IndexOfAnyExceptInRange('0', '9') < 0 && word[4] == '-')
        || (word.Length >= 3 && char.IsAsciiDigit(word[0]) && char.IsAsciiDigit(word[1]) && word[2] == ':');

    private static TomlValue? ReadNumber(TomlPosition position, string word)
    {
        var unsigned = word[0] is '+' or '-' ? word[1..] : word;
        if (unsigned is "inf" or "nan")
            return new TomlFloat(position, unsigned == "nan" ? double.NaN : word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity, word);
        if (word.Length > 2 && word[0] == '0' && word[1] is 'x' or 'o' or 'b')
            return ReadPrefixed(position, word);
        if (unsigned.Length == 0 || !char.IsAsciiDigit(unsigned[0]) || !UnderscoresStandBetweenDigits(unsigned, char.IsAsciiDigit))
            return null;
        var digits = word.Replace("_", "", StringComparison.Ordinal);
        var whole = unsigned.Replace("_", "", StringComparison.Ordinal);
        if (whole.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0)
        {
            if (whole.Length > 1 && whole[0] == '0')
                return null;
            return long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? new TomlInteger(position, value) : null;
        }
        return IsFloat(whole) ? new TomlFloat(position, double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture), word) : null;
    }

    private static TomlInteger? ReadPrefixed(TomlPosition position, string word)
    {
        var digits = word[2..];
        if (!UnderscoresStandBetweenDigits(digits, char.IsAsciiHexDigit))
            return null;
        var radix = word[1] switch { 'x' => 16UL, 'o' => 8UL, _ => 2UL };
        UInt128 value = 0;
        foreach (var c in digits)
        {
            if (c == '_')
                continue;
            if (!char.IsAsciiHexDigit(c) || (ulong)Convert.ToInt32(c.ToString(), 16) is var digit && digit >= radix)
                return null;
            value = value * radix + digit;
            if (value > long.MaxValue)
                return null;
        }
        return new TomlInteger(position, (long)value);
    }

    private static bool UnderscoresStandBetweenDigits(string digits, Func<char, bool> isDigit)
    {
        for (var i = 0; i < digits.Length; i++)
        {
            if (digits[i] == '_' && (i == 0 || i == digits.Length - 1 || !isDigit(digits[i - 1]) || !isDigit(digits[i + 1])))
                return false;
        }
        return digits.Length > 0;
    }

    /// <summary>Integer part without leading zeros, then a fraction, an exponent or both, each with digits.</summary>
    private static bool IsFloat(string number)
    {
        var at = 0;
        if (!Digits(out var integer) || (integer > 1 && number[0] == '0'))
            return false;
        if (at < number.Length && number[at] == '.')
        {
            at++;
            if (!Digits(out _))
                return false;
        }
        if (at < number.Length && number[at] is 'e' or 'E')
        {
            at++;
            if (at < number.Length && number[at] is '+' or '-')
                at++;
            if (!Digits(out _))
                return false;
        }
        return at == number.Length;

        bool Digits(out int count)
        {
            var from = at;
            while (at < number.Length && char.IsAsciiDigit(number[at]))
                at++;
            count = at - from;
            return count > 0;
        }
    }

    private static TomlDateTime? ReadDateTime(TomlPosition position, string word)
    {
        DateOnly? date = null;
        var rest = word.AsSpan();
        if (rest.Length >= 5 && rest[4] == '-')
        {
            if (rest.Length < 10 || !DateOnly.TryParseExact(rest[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                return null;
            date = day;
            rest = rest[10..];
            if (rest.IsEmpty)
                return new TomlDateTime(position, date, null, null, word);
            if (rest[0] is not ('T' or 't' or ' '))
                return null;
            rest = rest[1..];
        }
        if (ReadTime(ref rest) is not { } time)
            return null;
        if (rest.IsEmpty)
            return new TomlDateTime(position, date, time, null, word);
        if (date is null || ReadOffset(rest) is not { } offset || !IsRepresentable(date.Value, time, offset))
            return null;
        return new TomlDateTime(position, date, time, offset, word);
    }

    private static TimeOnly? ReadTime(ref ReadOnlySpan<char> rest)
    {
        if (rest.Length < 8 || !TimeOnly.TryParseExact(rest[..8], "HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
            return null;
        rest = rest[8..];
        if (rest.IsEmpty || rest[0] != '.')
            return time;
        var end = rest[1..].IndexOfAnyExceptInRange('0', '9') is var stop && stop < 0 ? rest.Length : stop + 1;
        if (end == 1)
            return null;
        var ticks = 0L;
        for (var i = 1; i <= 7; i++)
            ticks = ticks * 10 + (i < end ? rest[i] - '0' : 0);
        rest = rest[end..];
        return time.Add(TimeSpan.FromTicks(ticks));
    }

    private static TimeSpan? ReadOffset(ReadOnlySpan<char> rest)
    {
        if (rest is "Z" or "z")
            return TimeSpan.Zero;
        if (rest.Length != 6 || rest[0] is not ('+' or '-')
            || !TimeOnly.TryParseExact(rest[1..], "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var offset))
            return null;
        return rest[0] == '-' ? -offset.ToTimeSpan() : offset.ToTimeSpan();
    }

    /// <summary>.NET knows offsets up to 14 hours and the years 1 to 9999; more than that is no instant anybody meant.</summary>
    private static bool IsRepresentable(DateOnly date, TimeOnly time, TimeSpan offset)
    {
        if (offset.Duration() > TimeSpan.FromHours(14))
            return false;
        var utc = date.ToDateTime(time).Ticks - offset.Ticks;
        return utc >= 0 && utc <= DateTime.MaxValue.Ticks;
    }
}
