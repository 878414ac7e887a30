using Gatehouse.Events;

namespace Gatehouse.EventHandler.Outputs;

/// <summary>A receiver whose yes can be relied on: an event is done when it said so, and until then the checkpoint stays behind it.</summary>
public interface IDurableOutput
{
    /// <summary>How much may go into one request, and how many requests may be under way.</summary>
    OutputLimits Limits { get; }

    /// <summary>Sends a run of events in one request, once; trying again is the courier's decision.</summary>
    /// <returns>What the receiver made of it. Network trouble is a verdict, not an exception.</returns>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> fired.</exception>
    Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation);
}

/// <param name="MaxEvents">Events a request, at least 1.</param>
/// <param name="MaxBytes">JSON bytes a request; one larger event goes alone.</param>
/// <param name="MaxInFlight">Requests under way at once. The caller keeps to it; the output does not queue.</param>
public sealed record OutputLimits(int MaxEvents, int MaxBytes, int MaxInFlight);

/// <summary>A run of neighbouring events in one batch.</summary>
public readonly record struct EventSlice(EventBatch Batch, int Start, int Count)
{
    /// <summary>The documents with commas between them.</summary>
    public ReadOnlyMemory<byte> Json => Batch.Json(Start, Count);
}

/// <summary>Which of the receiver's two doors: the audit log, or one session's recording.</summary>
public readonly record struct Destination(string? SessionId)
{
    public static readonly Destination Audit = new(null);

    public static Destination Session(string id) => new(id);
}

/// <summary>What the receiver said to one request. A closed list.</summary>
public abstract record Verdict
{
    private Verdict() { }

    /// <summary>It has them.</summary>
    public sealed record Delivered : Verdict
    {
        public static readonly Delivered Instance = new();
    }

    /// <summary>Temporary: try the same again.</summary>
    /// <param name="Reason">For the log.</param>
    /// <param name="RetryAfter">The wait the peer asked for.</param>
    /// <param name="Status">HTTP status; null when no answer came.</param>
    public sealed record TryAgain(string Reason, TimeSpan? RetryAfter = null, int? Status = null) : Verdict;

    /// <summary>The request is too large: send its events in smaller ones.</summary>
    public sealed record TooLarge(string Reason) : Verdict;

    /// <summary>The receiver refuses what is in the request, for good.</summary>
    public sealed record Refused(string Reason, int? Status = null) : Verdict;
}
