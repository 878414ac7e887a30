using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gatehouse.EventHandler.Sessions;

namespace Gatehouse.EventHandler.Tests.Sessions;

/// <summary>Hears what is counted of broken streams of recordings.</summary>
internal sealed class FailureCounts : IDisposable
{
    private readonly ConcurrentDictionary<string, long> _counts = new();
    private readonly MeterListener _listener;

    public FailureCounts(SessionMetrics metrics)
    {
        _listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (metrics.Owns(instrument)) self.EnableMeasurementEvents(instrument); } };
        _listener.SetMeasurementEventCallback<long>((_, count, tags, _) => _counts.AddOrUpdate((string)tags[0].Value!, count, (_, sum) => sum + count));
        _listener.Start();
    }

    public long Of(string status) => _counts.GetValueOrDefault(status);

    public void Dispose() => _listener.Dispose();
}
