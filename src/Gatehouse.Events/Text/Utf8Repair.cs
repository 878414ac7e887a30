using System.Buffers;
using System.Text;

namespace Gatehouse.Events.Text;

/// <summary>Invalid UTF-8 to valid: each longest piece that cannot be part of a character becomes U+FFFD.</summary>
internal static class Utf8Repair
{
    public static byte[] Repaired(ReadOnlySpan<byte> utf8)
    {
        var repaired = new ArrayBufferWriter<byte>(utf8.Length + 16);
        while (!utf8.IsEmpty)
        {
            Rune.DecodeFromUtf8(utf8, out var rune, out var consumed);
            repaired.Advance(rune.EncodeToUtf8(repaired.GetSpan(4)));
            utf8 = utf8[consumed..];
        }
        return repaired.WrittenSpan.ToArray();
    }
}
