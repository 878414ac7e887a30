namespace Gatehouse.Events;

/// <summary>Bytes from the cluster are not what the contract says. The message tells what was wrong and at which offset.</summary>
public sealed class MalformedEventException(string message) : Exception(message);
