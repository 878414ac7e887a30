namespace Gatehouse.Events.Generation;

/// <summary>SplitMix64: small, fast, and the same on every machine and version for ever, which System.Random does not promise.</summary>
internal struct Randomness(ulong seed)
{
    private ulong _state = seed;

    public ulong Next()
    {
        var mixed = _state += 0x9E3779B97F4A7C15;
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB;
        return mixed ^ mixed >> 31;
    }

    /// <summary>A number from 0 up to and without <paramref name="bound"/>.</summary>
    public long Below(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);

    public T Pick<T>(T[] of) => of[Below(of.Length)];

    public bool Chance(int percent) => Below(100) < percent;

    /// <summary>A version 4 UUID in its usual text form.</summary>
    public byte[] Uuid()
    {
        var text = new byte[36];
        WriteUuid(text);
        return text;
    }

    public void WriteUuid(Span<byte> text)
    {
        var high = Next() & 0xFFFFFFFFFFFF0FFF | 0x4000;
        var low = Next() & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000;
        Hex(high >> 32, 8, text);
        text[8] = (byte)'-';
        Hex(high >> 16, 4, text[9..]);
        text[13] = (byte)'-';
        Hex(high, 4, text[14..]);
        text[18] = (byte)'-';
        Hex(low >> 48, 4, text[19..]);
        text[23] = (byte)'-';
        Hex(low, 12, text[24..]);
    }

    private static void Hex(ulong value, int digits, Span<byte> text)
    {
        for (var i = digits - 1; i >= 0; i--, value >>= 4)
            text[i] = "0123456789abcdef"u8[(int)(value & 15)];
    }
}
