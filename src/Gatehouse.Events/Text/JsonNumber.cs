using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;

namespace Gatehouse.Events.Text;

/// <summary>
/// Doubles as ECMAScript prints them: the shortest digits that read back as the same number, plain from 1e-6 up to 1e21, with an
/// exponent elsewhere (event-handler spec 5.2).
/// </summary>
internal static class JsonNumber
{
    /// <summary>Longest text: sign, "0.00000" and 17 digits.</summary>
    public const int MaxLength = 32;

    private const double LargestExact = 1L << 53;

    /// <summary>False for infinities and NaN, which JSON cannot say. <paramref name="target"/> has <see cref="MaxLength"/> bytes or more.</summary>
    public static bool TryFormat(double value, Span<byte> target, out int length)
    {
        var whole = (long)value;
        if (whole == value && Math.Abs(value) < LargestExact && (whole != 0 || !double.IsNegative(value)))
            return Utf8Formatter.TryFormat(whole, target, out length);
        length = 0;
        if (!double.IsFinite(value))
            return false;
        length = value == 0 ? Append("-0"u8, target, 0) : Format(value, target);
        return true;
    }

    private static int Format(double value, Span<byte> target)
    {
        Span<byte> digits = stackalloc byte[24];
        var count = ShortestDigits(Math.Abs(value), digits, out var point);
        digits = digits[..count];
        var at = 0;
        if (value < 0)
            target[at++] = (byte)'-';
        if (point is > 21 or <= -6)
            return Exponential(digits, point - 1, target, at);
        if (point <= 0)
        {
            at = Append("0."u8, target, at);
            target.Slice(at, -point).Fill((byte)'0');
            return Append(digits, target, at - point);
        }
        if (count <= point)
        {
            at = Append(digits, target, at);
            target.Slice(at, point - count).Fill((byte)'0');
            return at + point - count;
        }
        at = Append(digits[..point], target, at);
        target[at++] = (byte)'.';
        return Append(digits[point..], target, at);
    }

    private static int Exponential(ReadOnlySpan<byte> digits, int exponent, Span<byte> target, int at)
    {
        target[at++] = digits[0];
        if (digits.Length > 1)
        {
            target[at++] = (byte)'.';
            at = Append(digits[1..], target, at);
        }
        target[at++] = (byte)'e';
        target[at++] = exponent < 0 ? (byte)'-' : (byte)'+';
        Utf8Formatter.TryFormat(Math.Abs(exponent), target[at..], out var written);
        return at + written;
    }

    /// <summary>Digits without leading and trailing zeros, and where the decimal point lies counted from the first of them.</summary>
    private static int ShortestDigits(double positive, Span<byte> digits, out int point)
    {
        Span<byte> text = stackalloc byte[MaxLength];
        // "R" gives the shortest digits in whatever layout; only its digits and its exponent are taken from it.
        var fits = positive.TryFormat(text, out var length, "R", CultureInfo.InvariantCulture);
        Debug.Assert(fits, "a double's shortest text is at most 24 characters");
        var count = 0;
        var exponent = 0;
        int? dot = null;
        for (var i = 0; i < length; i++)
        {
            if (text[i] == (byte)'E')
            {
                exponent = int.Parse(text[(i + 1)..length], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
                break;
            }
            if (text[i] == (byte)'.')
                dot = count;
            else
                digits[count++] = text[i];
        }
        point = (dot ?? count) + exponent;
        var leading = digits[..count].IndexOfAnyExcept((byte)'0');
        digits[leading..count].CopyTo(digits);
        point -= leading;
        return digits[..(count - leading)].LastIndexOfAnyExcept((byte)'0') + 1;
    }

    private static int Append(ReadOnlySpan<byte> text, Span<byte> target, int at)
    {
        text.CopyTo(target[at..]);
        return at + text.Length;
    }
}
