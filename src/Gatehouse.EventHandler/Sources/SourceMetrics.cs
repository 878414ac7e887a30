using System.Diagnostics.Metrics;

namespace Gatehouse.EventHandler.Sources;

/// <summary>What a source counts beyond the events that it hands over, which the pipeline counts. Names: docs/reference/metrics.md.</summary>
public sealed class SourceMetrics : IDisposable
{
    private readonly Meter _meter = EventHandlerMeter.Create();
    private readonly Counter<long> _late;
    private readonly Counter<long> _undecodable;
    private readonly Counter<long> _forgottenEarly;
    private readonly Counter<long> _chunkFailures;

    public SourceMetrics()
    {
        _late = _meter.CreateCounter<long>("gatehouse.event_handler.late_events", "{event}", "Events that appeared in the audit log behind newer ones");
        _undecodable = _meter.CreateCounter<long>("gatehouse.event_handler.undecodable_events", "{event}", "Events that could not be decoded and were kept aside");
        _forgottenEarly = _meter.CreateCounter<long>("gatehouse.event_handler.forgotten_early", "{event}", "Events forgotten before the late window was over, for want of room");
        _chunkFailures = _meter.CreateCounter<long>("gatehouse.event_handler.chunk_failures", "{failure}", "Failed tries to read a chunk of a bulk export, connection trouble not counted");
    }

    public void Dispose() => _meter.Dispose();

    internal void Late(int events) => _late.Add(events);

    internal void Undecodable() => _undecodable.Add(1);

    internal void ForgottenEarly(int events) => _forgottenEarly.Add(events);

    internal void ChunkFailed() => _chunkFailures.Add(1);
}
