using System.Buffers;
using System.Text.Json;

namespace Gatehouse.Cli.Up;

/// <summary>From a request's body, one JSON object or an array of them, to lines.</summary>
internal static class ReceivedBody
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    /// <returns>False when the body is neither; nothing of it must then be used.</returns>
    public static bool TryWriteLines(ReadOnlySpan<byte> body, ArrayBufferWriter<byte> lines)
    {
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 1024 });
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
                    WriteObject(ref reader, body, lines);
                if (reader.TokenType != JsonTokenType.EndArray)
                    return false;
            }
            else if (reader.TokenType == JsonTokenType.StartObject)
            {
                WriteObject(ref reader, body, lines);
            }
            else
            {
                return false;
            }
            // Nothing may follow; the reader throws when something does.
            return !reader.Read();
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteObject(ref Utf8JsonReader reader, ReadOnlySpan<byte> body, ArrayBufferWriter<byte> lines)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        var text = body[start..(int)reader.BytesConsumed];
        var line = lines.GetSpan(text.Length + 1);
        text.CopyTo(line);
        // In JSON a line end can only be white space between tokens.
        for (var at = 0; line[at..text.Length].IndexOfAny(LineEnds) is var next and >= 0; at += next + 1)
            line[at + next] = (byte)' ';
        line[text.Length] = (byte)'\n';
        lines.Advance(text.Length + 1);
    }
}
