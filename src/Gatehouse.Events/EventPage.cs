namespace Gatehouse.Events;

/// <summary>A page of a search, still as wire bytes.</summary>
/// <param name="Items">Each item's <c>EventUnstructured</c> bytes, in the server's order.</param>
/// <param name="LastKey">Key of the next page; empty when the server has none.</param>
public sealed record EventPage(IReadOnlyList<ReadOnlyMemory<byte>> Items, string LastKey);
