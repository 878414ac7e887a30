namespace Gatehouse.EventHandler.Outputs;

/// <summary>It makes no sense to wait for the receiver any longer; the message is for the user.</summary>
public sealed class ReceiverException(string message) : Exception(message);
