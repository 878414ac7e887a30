namespace Gatehouse.Cli.Up;

/// <summary>Why <c>gatehouse up</c> cannot go on; the message is for the user.</summary>
internal sealed class UpException(string message, Exception? inner = null) : Exception(message, inner);
