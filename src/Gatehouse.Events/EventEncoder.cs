using System.Buffers;
using Gatehouse.Events.Wire;

namespace Gatehouse.Events;

/// <summary>JSON documents to the wire messages of the audit log (event-handler spec 9.1): the way back of <see cref="EventDecoder"/>.</summary>
public static class EventEncoder
{
    /// <summary>Writes one <c>EventUnstructured</c> message.</summary>
    /// <param name="fields">Type, index and time that travel beside the document.</param>
    /// <param name="id">The event's id: its <c>uid</c>, or <see cref="EventDocument.StableId"/> where it has none.</param>
    /// <param name="json">The document.</param>
    /// <param name="output">Where the message goes, without tag and length.</param>
    /// <exception cref="MalformedEventException">As <see cref="StructEncoder.Write"/>; nothing was written.</exception>
    public static void Write(in EventFields fields, ReadOnlySpan<byte> id, ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        var writer = new WireWriter(Capacity(json));
        try
        {
            WriteEvent(fields, id, json, ref writer);
            output.Write(writer.Written);
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Writes one <c>ExportEventUnstructured</c> message.</summary>
    /// <param name="cursor">Position behind this event, in UTF-8.</param>
    /// <exception cref="MalformedEventException">As above.</exception>
    public static void WriteExported(
        in EventFields fields, ReadOnlySpan<byte> id, ReadOnlySpan<byte> json, ReadOnlySpan<byte> cursor, IBufferWriter<byte> output)
    {
        var writer = new WireWriter(Capacity(json));
        try
        {
            var message = writer.Open(0x0A);
            WriteEvent(fields, id, json, ref writer);
            writer.Close(message);
            PutUnlessEmpty(0x12, cursor, ref writer);
            output.Write(writer.Written);
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Writes one <c>items</c> field of an <c>EventsUnstructured</c> page, tag and length included; a page is these laid end to end.</summary>
    /// <exception cref="MalformedEventException">As above.</exception>
    public static void WritePageItem(in EventFields fields, ReadOnlySpan<byte> id, ReadOnlySpan<byte> json, IBufferWriter<byte> output)
    {
        var writer = new WireWriter(Capacity(json));
        try
        {
            var item = writer.Open(0x0A);
            WriteEvent(fields, id, json, ref writer);
            writer.Close(item);
            output.Write(writer.Written);
        }
        finally
        {
            writer.Dispose();
        }
    }

    /// <summary>Writes the <c>last_key</c> that ends a page; nothing when it is empty.</summary>
    public static void WritePageKey(ReadOnlySpan<byte> lastKey, IBufferWriter<byte> output)
    {
        var writer = new WireWriter(lastKey.Length + 16);
        PutUnlessEmpty(0x12, lastKey, ref writer);
        output.Write(writer.Written);
        writer.Dispose();
    }

    private static int Capacity(ReadOnlySpan<byte> json) => json.Length + json.Length / 4 + 256;

    private static void WriteEvent(in EventFields fields, ReadOnlySpan<byte> id, ReadOnlySpan<byte> json, ref WireWriter writer)
    {
        PutUnlessEmpty(0x0A, fields.Type, ref writer);
        PutUnlessEmpty(0x12, id, ref writer);
        var time = writer.Open(0x1A);
        if (fields.Time.Seconds != 0)
            writer.PutVarint(0x08, fields.Time.Seconds);
        if (fields.Time.Nanos != 0)
            writer.PutVarint(0x10, fields.Time.Nanos);
        writer.Close(time);
        if (fields.Index != 0)
            writer.PutVarint(0x20, fields.Index);
        var document = writer.Open(0x2A);
        StructEncoder.WriteDocument(json, ref writer);
        writer.Close(document);
    }

    private static void PutUnlessEmpty(byte tag, ReadOnlySpan<byte> bytes, ref WireWriter writer)
    {
        if (!bytes.IsEmpty)
            writer.PutBytes(tag, bytes);
    }
}
