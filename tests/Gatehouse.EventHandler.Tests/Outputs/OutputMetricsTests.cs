using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

public class OutputMetricsTests
{
    [Fact]
    public async Task Requests_are_counted_by_status_and_none_stays_in_flight()
    {
        var seen = new ConcurrentQueue<(string Name, double Value, string? Status)>();
        using var metrics = new OutputMetrics();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (metrics.Owns(instrument)) self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => seen.Enqueue((instrument.Name, value, Status(tags))));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => seen.Enqueue((instrument.Name, value, Status(tags))));
        listener.Start();
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok, ReceiverAnswer.Status(503), ReceiverAnswer.Close), plan => plan with { BatchSize = 2 }, metrics: metrics);
        for (var i = 0; i < 3; i++)
            await rig.SendAsync("{}");
        Assert.Equal(["200", "503", "none"], seen.Where(one => one.Name == "gatehouse.event_handler.requests").Select(one => one.Status));
        Assert.Equal(12, seen.Where(one => one.Name == "gatehouse.event_handler.request.body").Sum(one => one.Value));
        Assert.Equal(0, seen.Where(one => one.Name == "gatehouse.event_handler.requests_in_flight").Sum(one => one.Value));
        Assert.Equal(3, seen.Count(one => one.Name == "gatehouse.event_handler.request.duration"));
    }

    private static string? Status(ReadOnlySpan<KeyValuePair<string, object?>> tags) => tags is [var first, ..] ? first.Value as string : null;
}
