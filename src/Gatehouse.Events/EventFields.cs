namespace Gatehouse.Events;

/// <summary>
/// What travels beside the document on the wire, read from the document itself (<see cref="EventDocument"/>). The texts are slices
/// of the JSON where they hold no escapes.
/// </summary>
public ref struct EventFields
{
    /// <summary><c>event</c>.</summary>
    public ReadOnlySpan<byte> Type { get; set; }

    /// <summary><c>uid</c>; empty when the document has none.</summary>
    public ReadOnlySpan<byte> Uid { get; set; }

    /// <summary><c>sid</c>; empty when the document has none.</summary>
    public ReadOnlySpan<byte> SessionId { get; set; }

    /// <summary><c>code</c>; empty when the document has none.</summary>
    public ReadOnlySpan<byte> Code { get; set; }

    /// <summary><c>ei</c>; 0 when the document has none.</summary>
    public long Index { get; set; }

    /// <summary><c>time</c> with all nine digits of its fraction.</summary>
    public EventTime Time { get; set; }
}
