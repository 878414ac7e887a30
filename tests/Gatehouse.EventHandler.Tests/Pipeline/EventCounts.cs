using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gatehouse.EventHandler.Pipeline;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>Hears what one pipeline counts about events.</summary>
internal sealed class EventCounts : IDisposable
{
    private readonly ConcurrentQueue<(string Counter, string Labels, long Count)> _heard = new();
    private readonly MeterListener _listener;

    public EventCounts(PipelineMetrics metrics)
    {
        _listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (metrics.Owns(instrument)) self.EnableMeasurementEvents(instrument); } };
        _listener.SetMeasurementEventCallback<long>((instrument, count, tags, _) => _heard.Enqueue((instrument.Name, Labels(tags), count)));
        _listener.Start();
    }

    /// <summary>Lines of "type output count", in order.</summary>
    public IReadOnlyList<string> Of(string counter) =>
        [.. _heard
            .Where(one => one.Counter == $"gatehouse.event_handler.events.{counter}")
            .GroupBy(one => one.Labels, (labels, those) => $"{labels} {those.Sum(one => one.Count)}")
            .Order(StringComparer.Ordinal)];

    public void Dispose() => _listener.Dispose();

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        string? type = null, output = null;
        foreach (var tag in tags)
        {
            if (tag.Key == "type")
                type = tag.Value as string;
            else if (tag.Key == "output")
                output = tag.Value as string;
        }
        return $"{type} {output}";
    }
}
