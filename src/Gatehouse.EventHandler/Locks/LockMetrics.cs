using System.Diagnostics.Metrics;

namespace Gatehouse.EventHandler.Locks;

/// <summary>What became of the locks the handler wanted. Names: docs/reference/metrics.md.</summary>
public sealed class LockMetrics : IDisposable
{
    private readonly Meter _meter = EventHandlerMeter.Create();
    private readonly Counter<long> _locks;

    public LockMetrics() =>
        _locks = _meter.CreateCounter<long>("gatehouse.event_handler.locks", "{lock}", "Locks of users who failed to log in too often, by result: made or failed");

    public void Dispose() => _meter.Dispose();

    internal void Made() => _locks.Add(1, new KeyValuePair<string, object?>("result", "made"));

    internal void Failed() => _locks.Add(1, new KeyValuePair<string, object?>("result", "failed"));
}
