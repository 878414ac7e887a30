using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Gatehouse.Events.Wire;

namespace Gatehouse.Events;

/// <summary>
/// 128 bits by which an event is recognised when it is read again. An event with a <c>uid</c> is that uid. For the few without one the
/// server may make a new id at each reading and order its keys anew, so they are known by their content.
/// </summary>
public static class EventKey
{
    /// <summary>The key of one event of a batch.</summary>
    public static UInt128 Of(EventBatch batch, int index)
    {
        ref readonly var header = ref batch[index];
        return header.HasUid ? OfUid(batch.Text(header.Id)) : OfContent(batch.Json(index).Span);
    }

    /// <summary>A UUID is its own key; any other uid is known by the first half of its SHA-256.</summary>
    public static UInt128 OfUid(ReadOnlySpan<byte> uid)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (uid.Length == 36 && Utf8Parser.TryParse(uid, out Guid uuid, out var consumed, 'D') && consumed == 36)
            uuid.TryWriteBytes(hash, bigEndian: true, out _);
        else
            SHA256.HashData(uid, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    /// <summary>
    /// Hash of what a document says: the same for any order of keys at any level, any white space, escapes and spelling of numbers.
    /// </summary>
    /// <exception cref="MalformedEventException">The text is not JSON. A decoded event always is.</exception>
    public static UInt128 OfContent(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, StructEncoder.Strict);
        try
        {
            reader.Read();
            return OfValue(ref reader);
        }
        catch (JsonException error)
        {
            throw new MalformedEventException($"malformed JSON at byte {error.BytePositionInLine}");
        }
    }

    private static UInt128 OfValue(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                UInt128 members = 0;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndObject)
                {
                    var name = OfText(reader);
                    reader.Read();
                    // A sum does not know the order of what was added.
                    members += Mix('m', name, OfValue(ref reader));
                }
                return Mix('o', members, 0);
            case JsonTokenType.StartArray:
                UInt128 items = 0;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    items = Mix('i', items, OfValue(ref reader));
                return Mix('a', items, 0);
            case JsonTokenType.String:
                return OfText(reader);
            case JsonTokenType.Number:
                return Mix('n', (UInt128)BitConverter.DoubleToUInt64Bits(reader.GetDouble()), 0);
            default:
                return Mix((char)reader.TokenType, 0, 0);
        }
    }

    private static UInt128 OfText(in Utf8JsonReader reader)
    {
        ReadOnlySpan<byte> text = reader.ValueSpan;
        if (reader.ValueIsEscaped)
        {
            var unescaped = new byte[JsonString.MaxLength(text.Length)];
            text = unescaped.AsSpan(0, JsonString.Unescape(text, unescaped));
        }
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return Mix('s', BinaryPrimitives.ReadUInt128BigEndian(hash), (UInt128)text.Length);
    }

    internal static UInt128 Mix(char kind, UInt128 first, UInt128 second)
    {
        Span<byte> input = stackalloc byte[33];
        input[0] = (byte)kind;
        BinaryPrimitives.WriteUInt128BigEndian(input[1..], first);
        BinaryPrimitives.WriteUInt128BigEndian(input[17..], second);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
