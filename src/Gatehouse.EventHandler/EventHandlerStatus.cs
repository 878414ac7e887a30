using Gatehouse.EventHandler.Locks;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.Sources;

namespace Gatehouse.EventHandler;

/// <summary>
/// What can be seen of the handler from outside, across reloads: its metrics, and why it is not ready. Owned by the command that runs
/// the handler and serves the diagnostics.
/// </summary>
public sealed class EventHandlerStatus(TimeProvider time) : IDisposable
{
    public PipelineMetrics Pipeline { get; } = new(time);

    public SourceMetrics Source { get; } = new();

    public OutputMetrics Output { get; } = new();

    public LockMetrics Locks { get; } = new();

    public SessionMetrics Sessions { get; } = new();

    /// <summary>Why no events come from the cluster right now; null when they do.</summary>
    public Func<string?> ClusterProblem { get; internal set; } = () => "not connected yet";

    /// <summary>Why the receiver takes no events right now; null when it does.</summary>
    public Func<string?> ReceiverProblem { get; internal set; } = () => null;

    /// <summary>Why the checkpoint cannot be written right now; null when it can.</summary>
    public Func<string?> CheckpointProblem { get; internal set; } = () => null;

    /// <summary>The parts above by name, as <c>/readyz</c> and the metrics have them.</summary>
    public IReadOnlyList<(string Part, Func<string?> WhyNot)> Parts =>
    [
        ("cluster", () => ClusterProblem()),
        ("receiver", () => ReceiverProblem()),
        ("checkpoint", () => CheckpointProblem()),
    ];

    public void Dispose()
    {
        Pipeline.Dispose();
        Source.Dispose();
        Output.Dispose();
        Locks.Dispose();
        Sessions.Dispose();
    }
}
