using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gatehouse.Events.Wire;

namespace Gatehouse.Events;

/// <summary>Reads what the wire's header needs from an event's JSON (teleport-wire 4.4), for importers and for our own audit log.</summary>
public static class EventDocument
{
    /// <summary>
    /// Reads a line of an <c>events.log</c> and checks all of it, so that what is accepted here can be encoded later.
    /// </summary>
    /// <param name="json">One JSON object; white space around it is allowed.</param>
    /// <param name="fields">The header values. Of a key that comes twice the last one counts.</param>
    /// <param name="problem">What is wrong, with its place; null when nothing is.</param>
    /// <returns>False for text that is no event: no JSON object, no <c>event</c>, no <c>time</c>, or a value of the wrong kind.</returns>
    public static bool TryRead(ReadOnlySpan<byte> json, out EventFields fields, [NotNullWhen(false)] out string? problem)
    {
        EventFields read = default;
        var reader = new Utf8JsonReader(json, StructEncoder.Strict);
        try
        {
            problem = Read(ref reader, ref read);
        }
        catch (JsonException error)
        {
            problem = $"malformed JSON at byte {error.BytePositionInLine}";
        }
        fields = read;
        return problem is null;
    }

    /// <summary>SHA-256 of the document's bytes in lower-case hex: the id of an event that has no <c>uid</c>.</summary>
    public static string StableId(ReadOnlySpan<byte> json) => Convert.ToHexStringLower(SHA256.HashData(json));

    private static string? Read(scoped ref Utf8JsonReader reader, scoped ref EventFields fields)
    {
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return "an event is a JSON object, this is none";
        var hasTime = false;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
        {
            var field = Field(reader);
            reader.Read();
            if (field is not null && ReadField(field, ref reader, ref fields) is { } problem)
                return problem;
            hasTime |= field == "time";
            if (FirstNumberBeyondDouble(ref reader) is { } at)
                return $"a number is beyond a double at byte {at}";
        }
        reader.Read();
        if (fields.Type.IsEmpty)
            return "the event has no \"event\" (its type)";
        return hasTime ? null : "the event has no \"time\"";
    }

    private static string? Field(in Utf8JsonReader reader)
    {
        // Longer names are other fields, unless they are spelled with escapes.
        if (reader.ValueSpan.Length > 5 && !reader.ValueIsEscaped)
            return null;
        if (reader.ValueTextEquals("event"u8))
            return "event";
        if (reader.ValueTextEquals("uid"u8))
            return "uid";
        if (reader.ValueTextEquals("time"u8))
            return "time";
        if (reader.ValueTextEquals("ei"u8))
            return "ei";
        if (reader.ValueTextEquals("sid"u8))
            return "sid";
        return reader.ValueTextEquals("code"u8) ? "code" : null;
    }

    private static string? ReadField(string field, scoped ref Utf8JsonReader reader, scoped ref EventFields fields)
    {
        if (field == "ei")
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var index) || Math.Abs(index) >= 1L << 53)
                return $"\"ei\" is not a whole number at byte {reader.TokenStartIndex}";
            fields.Index = (long)index;
            return null;
        }
        if (reader.TokenType == JsonTokenType.Null && field is "uid" or "sid" or "code")
            return null;
        if (reader.TokenType != JsonTokenType.String)
            return $"\"{field}\" is not a text at byte {reader.TokenStartIndex}";
        var text = Text(reader);
        switch (field)
        {
            case "event":
                fields.Type = text;
                break;
            case "uid":
                fields.Uid = text;
                break;
            case "sid":
                fields.SessionId = text;
                break;
            case "code":
                fields.Code = text;
                break;
            case "time":
                if (!EventTime.TryParse(text, out var time))
                    return $"\"time\" is not an RFC 3339 time at byte {reader.TokenStartIndex}";
                fields.Time = time;
                break;
        }
        return null;
    }

    private static ReadOnlySpan<byte> Text(scoped in Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped && System.Text.Unicode.Utf8.IsValid(reader.ValueSpan))
            return reader.ValueSpan;
        var unescaped = new byte[JsonString.MaxLength(reader.ValueSpan.Length)];
        return unescaped.AsSpan(0, JsonString.Unescape(reader.ValueSpan, unescaped));
    }

    /// <summary>Passes over a value; the offset of a number in it that no double can hold.</summary>
    private static long? FirstNumberBeyondDouble(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        do
        {
            // Only an exponent or hundreds of digits can reach beyond.
            if (reader.TokenType == JsonTokenType.Number && (reader.ValueSpan.Length > 300 || reader.ValueSpan.IndexOfAny((byte)'e', (byte)'E') >= 0)
                && (!reader.TryGetDouble(out var number) || !double.IsFinite(number)))
                return reader.TokenStartIndex;
        }
        while ((reader.CurrentDepth > depth || reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray) && reader.Read());
        return null;
    }
}
