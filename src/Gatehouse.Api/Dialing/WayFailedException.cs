namespace Gatehouse.Api.Dialing;

/// <summary>Ends one attempt with a reason in words; <see cref="DialRun"/> turns it into a value.</summary>
internal sealed class WayFailedException(string reason, Exception? inner = null) : Exception(reason, inner);
