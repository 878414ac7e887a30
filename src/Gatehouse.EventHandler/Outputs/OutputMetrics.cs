using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Gatehouse.EventHandler.Outputs;

/// <summary>What an output counts about its requests; what became of the events is counted by the pipeline. Names: docs/reference/metrics.md.</summary>
public sealed class OutputMetrics : IDisposable
{
    /// <summary>Tag values for every status, made once: a request allocates none.</summary>
    private static readonly object[] Statuses = [.. Enumerable.Range(0, 600).Select(status => status.ToString(CultureInfo.InvariantCulture))];
    private static readonly KeyValuePair<string, object?> NoAnswer = new("status", "none");

    private readonly Meter _meter = EventHandlerMeter.Create();
    private readonly Counter<long> _requests;
    private readonly Counter<long> _bytes;
    private readonly UpDownCounter<long> _inFlight;
    private readonly Histogram<double> _duration;

    public OutputMetrics()
    {
        _requests = _meter.CreateCounter<long>("gatehouse.event_handler.requests", "{request}", "Requests to the receiver, by HTTP status; none when no answer came");
        _bytes = _meter.CreateCounter<long>("gatehouse.event_handler.request.body", "By", "Body bytes of all requests as sent, compressed if they were, repetitions included");
        _inFlight = _meter.CreateUpDownCounter<long>("gatehouse.event_handler.requests_in_flight", "{request}", "Requests waiting for their answer");
        _duration = _meter.CreateHistogram<double>("gatehouse.event_handler.request.duration", "s", "Time from request to answer");
    }

    public void Dispose() => _meter.Dispose();

    /// <summary>Tells these instruments from those of other outputs in the process.</summary>
    internal bool Owns(Instrument instrument) => ReferenceEquals(instrument.Meter, _meter);

    /// <returns>Time stamp for <see cref="RequestEnded"/>.</returns>
    internal long RequestStarted()
    {
        _inFlight.Add(1);
        return Stopwatch.GetTimestamp();
    }

    /// <param name="started">What <see cref="RequestStarted"/> returned.</param>
    /// <param name="status">HTTP status; null when no answer came.</param>
    /// <param name="bodyBytes">Length of the body as sent.</param>
    internal void RequestEnded(long started, int? status, long bodyBytes)
    {
        _inFlight.Add(-1);
        _requests.Add(1, status is { } code and >= 0 and < 600 ? new("status", Statuses[code]) : NoAnswer);
        _bytes.Add(bodyBytes);
        if (_duration.Enabled)
            _duration.Record(Stopwatch.GetElapsedTime(started).TotalSeconds);
    }
}
