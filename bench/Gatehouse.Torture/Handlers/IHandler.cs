namespace Gatehouse.Torture.Handlers;

/// <summary>One life of the event handler.</summary>
internal interface IHandler : IAsyncDisposable
{
    /// <summary>Ends with the exit status.</summary>
    Task<int> Ended { get; }

    /// <summary>At once, and nothing is written after it.</summary>
    Task KillAsync();

    /// <summary>Asks it to end.</summary>
    void Terminate();
}

/// <summary>What the handler is told, whichever way it runs.</summary>
internal sealed record HandlerSettings(
    RunPlan Plan, string ClusterAddr, string Identity, string AuditUrl, string SessionUrl, string? ReceiverCa, string Storage, DateTime Start)
{
    public bool ExitOnLastEvent { get; init; }

    public IReadOnlyList<string> Arguments =>
    [
        "event-handler", "start",
        "--teleport-addr", ClusterAddr,
        "--teleport-identity", Identity,
        "--fluentd-url", AuditUrl,
        "--fluentd-session-url", SessionUrl,
        .. ReceiverCa is null ? Array.Empty<string>() : ["--fluentd-ca", ReceiverCa],
        "--fluentd-batch-size", $"{Plan.BatchSize}",
        "--fluentd-batch-bytes", $"{Plan.BatchBytes}",
        "--fluentd-compression", Plan.Gzip ? "gzip" : "none",
        "--storage", Storage,
        "--start-time", $"{Start:yyyy-MM-dd'T'HH:mm:ss'Z'}",
        "--timeout", "200ms",
        "--batch", $"{Plan.PageSize}",
        "--concurrency", $"{Plan.Concurrency}",
        .. ExitOnLastEvent ? ["--exit-on-last-event"] : Array.Empty<string>(),
    ];
}
