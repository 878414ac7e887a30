using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Gatehouse.Events.Wire;

namespace Gatehouse.Events;

/// <summary>
/// JSON text to the wire bytes of <c>google.protobuf.Struct</c> (teleport-wire 4.2): every number a double, keys in the order of the
/// text, lone surrogates and torn UTF-8 as U+FFFD.
/// </summary>
public static class StructEncoder
{
    internal static readonly JsonReaderOptions Strict = new() { MaxDepth = EventLimits.MaxDepth };

    /// <summary>Writes one document.</summary>
    /// <param name="json">A JSON object in UTF-8, white space around it allowed.</param>
    /// <param name="output">Where the wire bytes go, without tag and length.</param>
    /// <exception cref="MalformedEventException">
    /// The text is no JSON object, lies deeper than <see cref="EventLimits.MaxDepth"/>, or holds a number beyond a double. Nothing was written.
    /// </exception>
    public static void Write(ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        var writer = new WireWriter(json.Length + json.Length / 4 + 64);
        try
        {
            WriteDocument(json, ref writer);
            output.Write(writer.Written);
        }
        finally
        {
            writer.Dispose();
        }
    }

    internal static void WriteDocument(ReadOnlySpan<byte> json, ref WireWriter writer)
    {
        var reader = new Utf8JsonReader(json, Strict);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
                throw new MalformedEventException("an event is a JSON object, this is none");
            WriteObject(ref reader, ref writer);
            reader.Read();
        }
        catch (JsonException error)
        {
            throw new MalformedEventException($"malformed JSON at byte {error.BytePositionInLine}");
        }
    }

    private static void WriteObject(ref Utf8JsonReader reader, ref WireWriter writer)
    {
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var entry = writer.Open(0x0A);
            PutText(0x0A, ref reader, ref writer);
            reader.Read();
            var value = writer.Open(0x12);
            WriteValue(ref reader, ref writer);
            writer.Close(value);
            writer.Close(entry);
        }
    }

    private static void WriteValue(ref Utf8JsonReader reader, ref WireWriter writer)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                PutText(0x1A, ref reader, ref writer);
                break;
            case JsonTokenType.Number:
                if (!reader.TryGetDouble(out var number) || !double.IsFinite(number))
                    throw new MalformedEventException($"a number is beyond a double at byte {reader.TokenStartIndex}");
                writer.PutDouble(0x11, number);
                break;
            case JsonTokenType.True:
                writer.PutVarint(0x20, 1);
                break;
            case JsonTokenType.False:
                writer.PutVarint(0x20, 0);
                break;
            case JsonTokenType.Null:
                writer.PutVarint(0x08, 0);
                break;
            case JsonTokenType.StartObject:
                var fields = writer.Open(0x2A);
                WriteObject(ref reader, ref writer);
                writer.Close(fields);
                break;
            case JsonTokenType.StartArray:
                var list = writer.Open(0x32);
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    var item = writer.Open(0x0A);
                    WriteValue(ref reader, ref writer);
                    writer.Close(item);
                }
                writer.Close(list);
                break;
        }
    }

    private static void PutText(byte tag, ref Utf8JsonReader reader, ref WireWriter writer)
    {
        var text = reader.ValueSpan;
        if (!reader.ValueIsEscaped && Utf8.IsValid(text))
        {
            writer.PutBytes(tag, text);
            return;
        }
        var field = writer.Open(tag);
        writer.Advance(JsonString.Unescape(text, writer.Free(JsonString.MaxLength(text.Length))));
        writer.Close(field);
    }
}
