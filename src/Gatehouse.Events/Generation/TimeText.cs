namespace Gatehouse.Events.Generation;

/// <summary>Times as Teleport writes them: RFC 3339 in UTC, milliseconds with trailing zeros cut.</summary>
internal static class TimeText
{
    public const int MaxLength = 24;

    public static int Write(DateTime utc, Span<byte> text)
    {
        Digits(utc.Year, 4, text);
        text[4] = (byte)'-';
        Digits(utc.Month, 2, text[5..]);
        text[7] = (byte)'-';
        Digits(utc.Day, 2, text[8..]);
        text[10] = (byte)'T';
        Digits(utc.Hour, 2, text[11..]);
        text[13] = (byte)':';
        Digits(utc.Minute, 2, text[14..]);
        text[16] = (byte)':';
        Digits(utc.Second, 2, text[17..]);
        var length = 19;
        var milliseconds = utc.Millisecond;
        if (milliseconds > 0)
        {
            text[19] = (byte)'.';
            Digits(milliseconds, 3, text[20..]);
            length = text[..23].LastIndexOfAnyExcept((byte)'0') + 1;
        }
        text[length] = (byte)'Z';
        return length + 1;
    }

    private static void Digits(int value, int count, Span<byte> text)
    {
        for (var i = count - 1; i >= 0; i--, value /= 10)
            text[i] = (byte)('0' + value % 10);
    }
}
