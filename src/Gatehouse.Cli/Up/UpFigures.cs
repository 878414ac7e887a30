using System.Diagnostics.Metrics;
using Gatehouse.EventHandler;

namespace Gatehouse.Cli.Up;

/// <summary>How it goes, at one moment.</summary>
/// <param name="InLog">Events in the cluster's audit log.</param>
/// <param name="Delivered">Audit events the receiver has acknowledged, over all starts.</param>
/// <param name="Rate">Events acknowledged per second lately, those of recordings included.</param>
/// <param name="Lag">Seconds between now and the newest event delivered, while something is on its way.</param>
/// <param name="Sessions">Recordings delivered since the start.</param>
/// <param name="SessionBacklog">Recordings waiting or on their way.</param>
/// <param name="DeadLetters">Events refused for good.</param>
/// <param name="Trouble">What does not work right now; null when all does.</param>
internal sealed record UpSnapshot(
    long InLog, long Delivered, double Rate, double Lag, long Sessions, int SessionBacklog, long DeadLetters, string? Trouble, bool CaughtUp);

/// <summary>Counts what is shown. Figures of the services come from the meters that also feed <c>/metrics</c>.</summary>
internal sealed class UpFigures : IDisposable
{
    /// <summary>The rate is that of the last so many looks.</summary>
    private const int RateWindow = 8;

    private readonly EventHandlerStatus _status;
    private readonly TimeProvider _time;
    private readonly MeterListener _listener = new();
    private readonly Queue<(long Timestamp, long Sent)> _looks = new();
    private readonly long _deliveredBefore;
    private readonly long _deadLettersBefore;
    private long _target;
    private bool _targetMoved;
    private long _inLog;
    private long _audit;
    private long _deadLetters;
    private double _lag;
    private bool _caughtUp;

    /// <param name="inLog">Events in the log before the services started: what there is to catch up with.</param>
    public UpFigures(EventHandlerStatus status, TimeProvider time, long inLog, long deliveredBefore, long deadLettersBefore)
    {
        (_status, _time, _inLog, _target, _deliveredBefore, _deadLettersBefore) = (status, time, inLog, inLog, deliveredBefore, deadLettersBefore);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name is EventHandlerMeter.Name or "Gatehouse.Cluster")
                listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Count(instrument.Name, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
        {
            if (instrument.Name == "gatehouse.event_handler.lag")
                _lag = value;
        });
        _listener.Start();
    }

    /// <summary>Audit events acknowledged, over all starts.</summary>
    public long Delivered => _deliveredBefore + Volatile.Read(ref _audit);

    /// <summary>So many events came into the log.</summary>
    public void Logged(long events) => Interlocked.Add(ref _inLog, events);

    public UpSnapshot Look()
    {
        _listener.RecordObservableInstruments();
        var dead = _deadLettersBefore + Volatile.Read(ref _deadLetters);
        var backlog = _status.Pipeline.SessionBacklog();
        var trouble = Trouble();
        var inLog = Volatile.Read(ref _inLog);
        if (!_caughtUp && trouble is null && Delivered + dead >= _target && backlog == 0 && _status.Pipeline.OldestTaken() is null)
        {
            // Reading recordings is itself logged by the cluster, so the target moves once. Then it stays said: later events are news, not history.
            _caughtUp = _targetMoved || _target == inLog;
            (_target, _targetMoved) = (inLog, true);
        }
        return new UpSnapshot(inLog, Delivered, Rate(), _lag, _status.Pipeline.SessionsTotal, backlog, dead, trouble, _caughtUp);
    }

    public void Dispose() => _listener.Dispose();

    private void Count(string name, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (name)
        {
            case "gatehouse.event_handler.events.sent" when IsAudit(tags):
                Interlocked.Add(ref _audit, value);
                break;
            case "gatehouse.event_handler.events.dead_lettered":
                Interlocked.Add(ref _deadLetters, value);
                break;
            case "gatehouse_cluster_events_appended":
                Logged(value);
                break;
        }
    }

    private static bool IsAudit(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        foreach (var tag in tags)
        {
            if (tag.Key == "output")
                return tag.Value as string == "audit";
        }
        return false;
    }

    private double Rate()
    {
        var now = _time.GetTimestamp();
        _looks.Enqueue((now, _status.Pipeline.SentTotal));
        if (_looks.Count > RateWindow)
            _looks.Dequeue();
        var (first, sent) = _looks.Peek();
        var seconds = _time.GetElapsedTime(first, now).TotalSeconds;
        return seconds > 0 ? (_status.Pipeline.SentTotal - sent) / seconds : 0;
    }

    private string? Trouble() =>
        _status.ClusterProblem() is { } cluster ? $"cluster: {cluster}"
        : _status.ReceiverProblem() is { } receiver ? $"receiver: {receiver}"
        : _status.CheckpointProblem() is { } checkpoint ? $"checkpoint: {checkpoint}"
        : null;
}
