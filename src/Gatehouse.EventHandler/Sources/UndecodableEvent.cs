namespace Gatehouse.EventHandler.Sources;

/// <summary>Takes an event that cannot be read, so that it is kept somewhere instead of disappearing. Returns when it is safe.</summary>
/// <param name="message">The event as it came over the wire.</param>
/// <param name="reason">What is wrong with it and where it was.</param>
internal delegate ValueTask UndecodableEvent(ReadOnlyMemory<byte> message, string reason, CancellationToken cancellation);
