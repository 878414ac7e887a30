using System.Buffers;
using System.Text;
using Gatehouse.Events.Text;
using Gatehouse.Events.Wire;

namespace Gatehouse.Events;

/// <summary>
/// Protobuf wire bytes of the audit log's messages to events in a batch (event-handler spec 9.1). The document is written as JSON
/// text straight from the wire; no object is made for an event.
/// </summary>
/// <remarks>
/// An event without <c>unstructured</c> has the document <c>{}</c>, as upstream sends it. Keys keep the order of the wire; of a key
/// that comes twice the last one counts. Text that is not UTF-8 is repaired with U+FFFD; everything else that breaks the contract,
/// numbers JSON cannot say and nesting beyond <see cref="EventLimits.MaxDepth"/> included, is a <see cref="MalformedEventException"/>.
/// </remarks>
public static class EventDecoder
{
    /// <summary>Appends one <c>EventUnstructured</c> message to the batch.</summary>
    /// <exception cref="MalformedEventException">The bytes are not such a message; the batch is as it was before.</exception>
    public static void Append(ReadOnlySpan<byte> eventUnstructured, EventBatch batch)
    {
        var message = new EventMessage();
        message.Merge(eventUnstructured, 0);
        Append(message, [], batch);
    }

    /// <summary>Appends one <c>ExportEventUnstructured</c> message; its cursor goes into the header.</summary>
    /// <exception cref="MalformedEventException">As above.</exception>
    public static void AppendExported(ReadOnlySpan<byte> exportEventUnstructured, EventBatch batch)
    {
        var message = new EventMessage();
        ReadOnlySpan<byte> cursor = default;
        var found = false;
        var reader = new WireReader(exportEventUnstructured);
        while (reader.ReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, WireType.Bytes):
                    var bytes = reader.ReadBytes();
                    message.Merge(bytes, reader.Offset - bytes.Length);
                    found = true;
                    break;
                case (2, WireType.Bytes):
                    cursor = reader.ReadBytes();
                    break;
                default:
                    reader.Skip(field, type);
                    break;
            }
        }
        if (!found)
            throw WireReader.Malformed("an exported message holds no event", 0);
        Append(message, cursor, batch);
    }

    /// <summary>
    /// Walks an <c>EventsUnstructured</c> page: the bytes of each item in order, then the key of the next page ("" when there is none).
    /// </summary>
    /// <exception cref="MalformedEventException">The bytes are not a page. The items themselves are not looked into.</exception>
    public static EventPage ReadPage(ReadOnlyMemory<byte> eventsUnstructured)
    {
        var items = new List<ReadOnlyMemory<byte>>();
        var lastKey = "";
        var reader = new WireReader(eventsUnstructured.Span);
        while (reader.ReadTag(out var field, out var type))
        {
            switch (field, type)
            {
                case (1, WireType.Bytes):
                    var length = reader.ReadBytes().Length;
                    items.Add(eventsUnstructured.Slice(reader.Offset - length, length));
                    break;
                case (2, WireType.Bytes):
                    lastKey = Encoding.UTF8.GetString(reader.ReadBytes());
                    break;
                default:
                    reader.Skip(field, type);
                    break;
            }
        }
        return new EventPage(items, lastKey);
    }

    private static void Append(in EventMessage message, ReadOnlySpan<byte> cursor, EventBatch batch)
    {
        var start = batch.BeginDocument();
        var document = new PlainStruct(message.Document, new JsonText(batch));
        ReadOnlySpan<byte> sessionId;
        bool hasUid;
        if (document.TryWrite())
        {
            document.Json.Flush();
            sessionId = document.SessionId;
            hasUid = document.HasUid;
        }
        else
        {
            WriteByFullRules(message.Document, start, batch, out sessionId, out hasUid);
        }
        batch.EndDocument(new EventHeader
        {
            JsonStart = start,
            JsonLength = batch.JsonBytes - start,
            Type = EventTypeNames.Of(message.Type),
            Time = message.Time,
            Index = message.Index,
            Id = batch.AddText(message.Id),
            SessionId = batch.AddText(sessionId),
            Cursor = batch.AddText(cursor),
            HasUid = hasUid,
        });
    }

    private static void WriteByFullRules(
        ReadOnlySpan<byte> document, int start, EventBatch batch, out ReadOnlySpan<byte> sessionId, out bool hasUid)
    {
        batch.AdvanceJson(start - batch.JsonBytes);
        StructTree tree;
        try
        {
            tree = StructTree.ReadStruct(document);
        }
        catch (MalformedEventException)
        {
            batch.AbandonDocument(start);
            throw;
        }
        var json = new JsonText(batch);
        tree.WriteTo(ref json);
        json.Flush();
        sessionId = Encoding.UTF8.GetBytes(tree.Text("sid") ?? "");
        hasUid = !string.IsNullOrEmpty(tree.Text("uid"));
    }
}
