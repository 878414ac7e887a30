namespace Gatehouse.Cli.Up;

/// <summary>What <c>gatehouse up</c> runs, checked; paths are absolute.</summary>
internal sealed record UpPlan
{
    /// <summary>Everything lives in here, so removing it is starting afresh.</summary>
    public required string Directory { get; init; }

    /// <summary>Logs to take over instead of made-up history; empty for the latter.</summary>
    public IReadOnlyList<string> Import { get; init; } = [];

    /// <summary>Recordings of the imported sessions.</summary>
    public IReadOnlyList<string> Recordings { get; init; } = [];

    /// <summary>Events of the made-up history.</summary>
    public required int Events { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Made-up events a second while it runs; 0 for none.</summary>
    public required int NewEvents { get; init; }

    /// <summary>A receiver that is there already; null starts one here.</summary>
    public OutsideReceiver? Receiver { get; init; }
}

/// <summary>A Fluentd-style receiver that somebody else runs.</summary>
internal sealed record OutsideReceiver(string Url, string SessionUrl, string? Ca, string? Cert, string? Key);
