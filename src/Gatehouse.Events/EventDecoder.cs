namespace Gatehouse.Events;

/// <summary>
/// Protobuf wire bytes of the audit log's messages to events in a batch (event-handler spec 9.1). The document is written as JSON
/// text straight from the wire; no object is made for an event.
/// </summary>
public static class EventDecoder
{
    /// <summary>Appends one <c>EventUnstructured</c> message to the batch.</summary>
    /// <exception cref="MalformedEventException">The bytes are not such a message; the batch is as it was before.</exception>
    public static void Append(ReadOnlySpan<byte> eventUnstructured, EventBatch batch) => throw new NotImplementedException();

    /// <summary>Appends one <c>ExportEventUnstructured</c> message; its cursor goes into the header.</summary>
    /// <exception cref="MalformedEventException">As above.</exception>
    public static void AppendExported(ReadOnlySpan<byte> exportEventUnstructured, EventBatch batch) => throw new NotImplementedException();

    /// <summary>
    /// Walks an <c>EventsUnstructured</c> page: the bytes of each item in order, then the key of the next page ("" when there is none).
    /// </summary>
    public static EventPage ReadPage(ReadOnlyMemory<byte> eventsUnstructured) => throw new NotImplementedException();
}

/// <summary>A page of a search, still as wire bytes.</summary>
/// <param name="Items">Each item's <c>EventUnstructured</c> bytes, in the server's order.</param>
/// <param name="LastKey">Key of the next page; empty when the server has none.</param>
public sealed record EventPage(IReadOnlyList<ReadOnlyMemory<byte>> Items, string LastKey);

/// <summary>Bytes from the cluster are not what the contract says. The message tells what was wrong and at which offset.</summary>
public sealed class MalformedEventException(string message) : Exception(message);
