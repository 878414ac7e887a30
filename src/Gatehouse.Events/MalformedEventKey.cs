using System.Buffers.Binary;
using System.Security.Cryptography;
using Gatehouse.Events.Wire;

namespace Gatehouse.Events;

/// <summary>
/// What an event that cannot be decoded is recognised by when it is read again. Servers write the entries of a document in another
/// order each time, and make up an id for an event without a <c>uid</c>; everything else that an event says counts, each byte of it.
/// </summary>
/// <remarks>
/// Most such events are sound messages that say what JSON cannot, or lie too deep. One that is no message at all is known by its bytes
/// as they stand: should they change, it is another event, because kept twice beats gone.
/// </remarks>
public static class MalformedEventKey
{
    /// <summary>Messages inside one another, three for each object. What lies deeper counts byte by byte; the walk is recursive.</summary>
    private const int MaxDepth = 1000;

    /// <summary>The messages that have messages in them.</summary>
    private enum Shape
    {
        Event,
        Struct,
        Entry,
        Value,
        List,
    }

    /// <param name="eventUnstructured">The bytes of an <c>EventUnstructured</c> message, or of none.</param>
    public static UInt128 Of(ReadOnlySpan<byte> eventUnstructured)
    {
        try
        {
            return OfMessage(eventUnstructured, Shape.Event, 0);
        }
        catch (MalformedEventException)
        {
            return OfBytes(eventUnstructured);
        }
    }

    private static UInt128 OfMessage(ReadOnlySpan<byte> message, Shape shape, int depth)
    {
        UInt128 fields = 0;
        UInt128 id = 0;
        var hasMadeUpId = false;
        var reader = new WireReader(message);
        while (reader.ReadTag(out var field, out var type))
        {
            var from = reader.Offset;
            UInt128 content;
            if (type == WireType.Bytes)
            {
                var bytes = reader.ReadBytes();
                content = depth < MaxDepth && Within(shape, field) is { } inner ? OfMessage(bytes, inner, depth + 1) : OfBytes(bytes);
                hasMadeUpId |= (shape, field) == (Shape.Event, 5) && !HasUid(bytes);
            }
            else
            {
                reader.Skip(field, type);
                content = OfBytes(message[from..reader.Offset]);
            }

            var hash = EventKey.Mix((char)type, (UInt128)field, content);
            if ((shape, field) == (Shape.Event, 2))
                id += hash;
            else if (shape == Shape.List)
                fields = EventKey.Mix('l', fields, hash);
            else
                // A sum does not know the order of what was added.
                fields += hash;
        }
        return EventKey.Mix('w', fields, hasMadeUpId ? 0 : id);
    }

    private static Shape? Within(Shape shape, int field) => (shape, field) switch
    {
        (Shape.Event, 5) => Shape.Struct,
        (Shape.Struct, 1) => Shape.Entry,
        (Shape.Entry, 2) => Shape.Value,
        (Shape.Value, 5) => Shape.Struct,
        (Shape.Value, 6) => Shape.List,
        (Shape.List, 1) => Shape.Value,
        _ => null,
    };

    /// <summary>Whether the document has an entry named <c>uid</c> that is a text and not empty.</summary>
    private static bool HasUid(ReadOnlySpan<byte> document) =>
        TryFind(document, 1, static entry =>
            TryFind(entry, 1, static name => name.SequenceEqual("uid"u8))
            && TryFind(entry, 2, static value => TryFind(value, 3, static text => text.Length > 0)));

    private static bool TryFind(ReadOnlySpan<byte> message, int wanted, Func<ReadOnlySpan<byte>, bool> isIt)
    {
        var reader = new WireReader(message);
        while (reader.ReadTag(out var field, out var type))
        {
            if (type != WireType.Bytes)
                reader.Skip(field, type);
            else if (reader.ReadBytes() is var bytes && field == wanted && isIt(bytes))
                return true;
        }
        return false;
    }

    private static UInt128 OfBytes(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }
}
