namespace Gatehouse.Events;

/// <summary>
/// What the pipeline may know of an event without reading its JSON: where its bytes lie in the batch, and the
/// five values that travel beside the document on the wire (event-handler spec 9.1).
/// </summary>
public readonly record struct EventHeader
{
    /// <summary>Offset of the event's JSON text in the batch's document bytes.</summary>
    public required int JsonStart { get; init; }

    /// <summary>Length of the JSON text in bytes.</summary>
    public required int JsonLength { get; init; }

    /// <summary>Event type such as <c>user.login</c>; interned, so comparing references is common but not promised.</summary>
    public required string Type { get; init; }

    /// <summary>Event time in UTC, cut to 100 ns. <see cref="DateTime.MinValue"/> when the message has none or it is out of range.</summary>
    public required DateTime Time { get; init; }

    /// <summary>Index within a session (<c>ei</c>).</summary>
    public required long Index { get; init; }

    /// <summary>The id of the event: <c>uid</c>, or what the server made in its place. Range of the batch's text bytes.</summary>
    public required TextRange Id { get; init; }

    /// <summary>The document's top-level <c>sid</c>; empty when it has none. Range of the batch's text bytes.</summary>
    public required TextRange SessionId { get; init; }

    /// <summary>Cursor that an export stream gave with the event; empty elsewhere. Range of the batch's text bytes.</summary>
    public required TextRange Cursor { get; init; }

    /// <summary>The document has a top-level <c>uid</c> that is not empty, so <see cref="Id"/> is the same whenever the event is read.</summary>
    public bool HasUid { get; init; }
}

/// <summary>A slice of <see cref="EventBatch"/>'s text bytes.</summary>
public readonly record struct TextRange(int Start, int Length);
