using System.Diagnostics.Metrics;
using Gatehouse.Api.Grpc;

namespace Gatehouse.EventHandler.Sessions;

/// <summary>What is counted of the recordings' streams. Lives as long as the process. Reference: docs/reference/metrics.md.</summary>
public sealed class SessionMetrics : IDisposable
{
    private readonly Meter _meter = EventHandlerMeter.Create();
    private readonly Counter<long> _failures;

    public SessionMetrics() => _failures = _meter.CreateCounter<long>(
        "gatehouse.event_handler.session.failures", "{stream}", "Streams of recordings that the cluster ended with an error, by gRPC status");

    public void Dispose() => _meter.Dispose();

    /// <summary>Tells these instruments from those of other pipelines in the process.</summary>
    internal bool Owns(Instrument instrument) => ReferenceEquals(instrument.Meter, _meter);

    internal void Failed(GrpcStatus status) => _failures.Add(1, new KeyValuePair<string, object?>("status", status.ToString()));
}
