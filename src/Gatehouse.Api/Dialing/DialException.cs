namespace Gatehouse.Api.Dialing;

/// <summary>No way led to the cluster. The message lists every way with its reason.</summary>
/// <param name="Attempts">Each way tried and why it failed.</param>
public sealed class DialException(string message, IReadOnlyList<DialAttempt> attempts) : Exception(message)
{
    public IReadOnlyList<DialAttempt> Attempts { get; } = attempts;

    /// <summary>One line: ways that failed for the same reason are named together.</summary>
    internal static DialException Of(string address, IReadOnlyList<DialAttempt> attempts)
    {
        var reasons = attempts
            .GroupBy(attempt => attempt.Reason, StringComparer.Ordinal)
            .Select(group => $"{string.Join(", ", group.Select(attempt => attempt.Way))}: {group.Key}");
        return new DialException($"all connection methods failed for {address}: {string.Join("; ", reasons)}", attempts);
    }
}

/// <param name="Way">"direct", "TLS routing" or "connection upgrade".</param>
/// <param name="Reason">Why it failed, in words.</param>
public sealed record DialAttempt(string Way, string Reason);
