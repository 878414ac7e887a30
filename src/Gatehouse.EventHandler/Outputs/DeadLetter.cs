using System.Text;
using System.Text.Json;

namespace Gatehouse.EventHandler.Outputs;

/// <summary>What a line of the dead-letter file is about.</summary>
public enum DeadLetterKind
{
    /// <summary>An event the receiver refused; can be replayed.</summary>
    Event,

    /// <summary>A message of the cluster that could not be decoded.</summary>
    Message,

    /// <summary>A recording that was given up; a replay hands it back to the handler.</summary>
    Recording,

    /// <summary>A line that cannot be read.</summary>
    Damaged,
}

/// <summary>One line of the dead-letter file. Its layout is described in <see cref="DeadLetterFile"/>.</summary>
/// <param name="Line">The line's bytes without the line feed.</param>
/// <param name="Kind">What it holds.</param>
public sealed record DeadLetter(ReadOnlyMemory<byte> Line, DeadLetterKind Kind)
{
    /// <summary>When it was set aside; null in a damaged line.</summary>
    public DateTimeOffset? Time { get; private init; }

    public string Reason { get; private init; } = "";

    public int? Status { get; private init; }

    public string? SessionId { get; private init; }

    /// <summary>The document of an <see cref="DeadLetterKind.Event"/>, byte for byte.</summary>
    public ReadOnlyMemory<byte> Event { get; private init; }

    /// <summary>Type of the event, for lists; empty when it has none.</summary>
    public string EventType { get; private init; } = "";

    /// <summary>Where a <see cref="DeadLetterKind.Recording"/> goes on.</summary>
    public long NextIndex { get; private init; }

    public Destination Destination => new(SessionId);

    internal static DeadLetter Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return Parts(line) ?? new DeadLetter(line, DeadLetterKind.Damaged);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            return new DeadLetter(line, DeadLetterKind.Damaged);
        }
    }

    private static DeadLetter? Parts(ReadOnlyMemory<byte> line)
    {
        var reader = new Utf8JsonReader(line.Span, new JsonReaderOptions { MaxDepth = 512 });
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            return null;
        DeadLetterKind? kind = null;
        var letter = new DeadLetter(line, DeadLetterKind.Damaged);
        var destination = "";
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            switch (name)
            {
                case "time": letter = letter with { Time = reader.GetDateTimeOffset() }; break;
                case "reason": letter = letter with { Reason = reader.GetString() ?? "" }; break;
                case "status": letter = letter with { Status = reader.GetInt32() }; break;
                case "destination": destination = reader.GetString() ?? ""; break;
                case "sid": letter = letter with { SessionId = reader.GetString() }; break;
                case "event":
                    kind = DeadLetterKind.Event;
                    var type = TypeOf(ref reader);
                    letter = letter with { Event = line[start..(int)reader.BytesConsumed], EventType = type };
                    break;
                case "message": kind = DeadLetterKind.Message; break;
                case "recording":
                    kind = DeadLetterKind.Recording;
                    letter = letter with { NextIndex = NextIndexOf(ref reader) };
                    break;
                default: reader.Skip(); break;
            }
        }
        var whole = reader.TokenType == JsonTokenType.EndObject && !reader.Read();
        var placed = destination == "audit" ? letter.SessionId is null : destination == "session" && letter.SessionId is not null;
        return whole && placed && letter.Time is not null && kind is { } found ? letter with { Kind = found } : null;
    }

    private static long NextIndexOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("a recording is an object");
        long? next = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var wanted = reader.ValueTextEquals("next_index"u8);
            reader.Read();
            if (wanted)
                next = reader.GetInt64();
            reader.Skip();
        }
        return next is >= 0 ? next.Value : throw new JsonException("a recording has an index to go on from");
    }

    /// <summary>Walks over the document and picks its <c>event</c> on the way.</summary>
    private static string TypeOf(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("an event is an object");
        var type = "";
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var wanted = reader.ValueTextEquals("event"u8);
            reader.Read();
            if (wanted && reader.TokenType == JsonTokenType.String)
                type = Encoding.UTF8.GetString(reader.ValueSpan);
            reader.Skip();
        }
        return type;
    }
}
