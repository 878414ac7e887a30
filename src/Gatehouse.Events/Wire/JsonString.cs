using System.Text;

namespace Gatehouse.Events.Wire;

/// <summary>
/// The inside of a JSON string, its grammar already checked by a reader, to UTF-8. Lone surrogates and bytes that are not UTF-8
/// become U+FFFD: a Go client refuses a message with anything else in it.
/// </summary>
internal static class JsonString
{
    /// <summary>Longest result for an inside of this length: one torn byte becomes the three of U+FFFD.</summary>
    public static int MaxLength(int escapedLength) => checked(escapedLength * 3);

    public static int Unescape(ReadOnlySpan<byte> escaped, Span<byte> target)
    {
        var at = 0;
        while (!escaped.IsEmpty)
        {
            Rune rune;
            if (escaped[0] == (byte)'\\')
            {
                rune = ReadEscape(ref escaped);
            }
            else
            {
                Rune.DecodeFromUtf8(escaped, out rune, out var consumed);
                escaped = escaped[consumed..];
            }
            at += rune.EncodeToUtf8(target[at..]);
        }
        return at;
    }

    private static Rune ReadEscape(ref ReadOnlySpan<byte> escaped)
    {
        var letter = escaped[1];
        if (letter != (byte)'u')
        {
            escaped = escaped[2..];
            return new Rune(letter switch
            {
                (byte)'b' => '\b',
                (byte)'f' => '\f',
                (byte)'n' => '\n',
                (byte)'r' => '\r',
                (byte)'t' => '\t',
                _ => (char)letter,
            });
        }
        var first = ReadUnit(escaped);
        escaped = escaped[6..];
        if (!char.IsSurrogate(first))
            return new Rune(first);
        if (char.IsHighSurrogate(first) && escaped.Length >= 6 && escaped[0] == (byte)'\\' && escaped[1] == (byte)'u'
            && Rune.TryCreate(first, ReadUnit(escaped), out var pair))
        {
            escaped = escaped[6..];
            return pair;
        }
        return Rune.ReplacementChar;
    }

    private static char ReadUnit(ReadOnlySpan<byte> escape)
    {
        var unit = 0;
        foreach (var digit in escape[2..6])
            unit = unit << 4 | (digit <= (byte)'9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        return (char)unit;
    }
}
