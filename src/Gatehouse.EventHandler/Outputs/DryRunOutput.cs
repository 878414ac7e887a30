namespace Gatehouse.EventHandler.Outputs;

/// <summary>What <c>--dry-run</c> sends to: nobody. Every event counts as delivered.</summary>
internal sealed class DryRunOutput : IDurableOutput
{
    public OutputLimits Limits { get; } = new(MaxEvents: 1000, MaxBytes: 4 * 1024 * 1024, MaxInFlight: 1);

    public Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation) =>
        Task.FromResult<Verdict>(Verdict.Delivered.Instance);
}
