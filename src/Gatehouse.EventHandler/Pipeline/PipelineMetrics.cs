using System.Diagnostics.Metrics;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// What the pipeline counts. Counters live as long as the process; the gauges ask whoever runs at the moment, so that a reload does not
/// leave them looking at the past. Reference: docs/reference/metrics.md.
/// </summary>
public sealed class PipelineMetrics : IDisposable
{
    private static readonly KeyValuePair<string, object?> Audit = new("output", "audit");
    private static readonly KeyValuePair<string, object?> Session = new("output", "session");

    private readonly Meter _meter = EventHandlerMeter.Create();
    private readonly TimeProvider _time;
    private readonly Counter<long> _read;
    private readonly Counter<long> _sent;
    private readonly Counter<long> _filtered;
    private readonly Counter<long> _deadLettered;
    private readonly Counter<long> _bytes;
    private readonly Counter<long> _retries;
    private long _newestSettledTicks;
    private long _checkpointTicks;
    private long _sentTotal;
    private long _sessionsTotal;

    public PipelineMetrics(TimeProvider time)
    {
        _time = time;
        _read = _meter.CreateCounter<long>("gatehouse.event_handler.events.read", "{event}", "Events read from the cluster and wanted, by type and output");
        _sent = _meter.CreateCounter<long>("gatehouse.event_handler.events.sent", "{event}", "Events the receiver has acknowledged, by type and output");
        _filtered = _meter.CreateCounter<long>("gatehouse.event_handler.events.filtered", "{event}", "Events read from the cluster that the filters took out, by type and output");
        _deadLettered = _meter.CreateCounter<long>("gatehouse.event_handler.events.dead_lettered", "{event}", "Events refused for good and set aside, by type and output");
        _bytes = _meter.CreateCounter<long>("gatehouse.event_handler.sent", "By", "JSON bytes the receiver has acknowledged, by output");
        _retries = _meter.CreateCounter<long>("gatehouse.event_handler.retries", "{retry}", "Deliveries tried again");
        _meter.CreateObservableGauge("gatehouse.event_handler.lag", () => Lag, "s", "Age of the newest settled event while the handler is behind or the cluster does not answer; 0 when it has caught up");
        _meter.CreateObservableGauge("gatehouse.event_handler.not_ready", NotReady, null, "1 for each part that is not ready: cluster, receiver, checkpoint");
        _meter.CreateObservableGauge("gatehouse.event_handler.oldest_unacknowledged", () => Age(OldestTaken()), "s", "Time since the oldest unacknowledged batch was read");
        _meter.CreateObservableGauge("gatehouse.event_handler.events.held", () => EventsHeld(), "{event}", "Events of the audit log that the receiver refuses while it takes no others");
        _meter.CreateObservableGauge("gatehouse.event_handler.checkpoint.position", () => Timestamp(_newestSettledTicks), "s", "Event time of the checkpoint's position, as Unix time");
        _meter.CreateObservableGauge("gatehouse.event_handler.checkpoint.written", () => Timestamp(_checkpointTicks), "s", "When the checkpoint was last written, as Unix time");
        _meter.CreateObservableGauge("gatehouse.event_handler.session.backlog", () => SessionBacklog(), "{session}", "Recordings waiting or being streamed");
        _meter.CreateObservableGauge("gatehouse.event_handler.session.missing", () => SessionsMissing(), "{session}", "Recordings that are not there (yet) or refused, and will be tried again");
        _meter.CreateObservableGauge("gatehouse.event_handler.credential.expiry", () => CredentialExpiry()?.ToUnixTimeSeconds() ?? 0, "s", "When the credential towards the cluster expires, as Unix time");
    }

    /// <summary>When the oldest batch under way was read.</summary>
    public Func<DateTimeOffset?> OldestTaken { get; set; } = () => null;

    public Func<int> EventsHeld { get; set; } = () => 0;

    /// <summary>Parts that can be unready, by name, and why each is; null for a part that is ready.</summary>
    public IReadOnlyList<(string Part, Func<string?> WhyNot)> Parts { get; set; } = [];

    /// <summary>Whether there may be events that are not settled.</summary>
    public Func<bool> IsBehind { get; set; } = () => false;

    public Func<int> SessionBacklog { get; set; } = () => 0;

    public Func<int> SessionsMissing { get; set; } = () => 0;

    public Func<DateTimeOffset?> CredentialExpiry { get; set; } = () => null;

    /// <summary>Events acknowledged since the process started.</summary>
    public long SentTotal => Volatile.Read(ref _sentTotal);

    /// <summary>Recordings streamed to their end since the process started.</summary>
    public long SessionsTotal => Volatile.Read(ref _sessionsTotal);

    /// <summary>Seconds between now and the newest settled event, as long as something is under way or the cluster does not answer.</summary>
    private double Lag => !IsBehind() || _newestSettledTicks == 0 ? 0 : Age(new DateTimeOffset(_newestSettledTicks, TimeSpan.Zero));

    public void Dispose() => _meter.Dispose();

    /// <summary>Tells these instruments from those of other pipelines in the process.</summary>
    internal bool Owns(Instrument instrument) => ReferenceEquals(instrument.Meter, _meter);

    internal void BatchRead(SourceBatch batch)
    {
        Read(batch.Events, Destination.Audit);
        Filtered(batch.Filtered, Destination.Audit);
    }

    internal void Read(EventBatch events, Destination destination) => CountByType(_read, events, 0, events.Count, Output(destination));

    /// <param name="filtered">What the filters took out of what was read; null for nothing.</param>
    internal void Filtered(TypeTally? filtered, Destination destination)
    {
        if (filtered is null || !_filtered.Enabled)
            return;
        foreach (var (type, count) in filtered)
            _filtered.Add(count, new("type", type), Output(destination));
    }

    internal void Delivered(EventSlice slice, Destination destination)
    {
        CountByType(_sent, slice.Batch, slice.Start, slice.Count, Output(destination));
        _bytes.Add(slice.Json.Length, Output(destination));
        Interlocked.Add(ref _sentTotal, slice.Count);
    }

    internal void DeadLettered(string type, Destination destination) => _deadLettered.Add(1, new("type", type), Output(destination));

    internal void Retried() => _retries.Add(1);

    internal void SessionStreamed() => Interlocked.Increment(ref _sessionsTotal);

    internal void BatchSettled(SourceBatch batch)
    {
        foreach (ref readonly var header in batch.Events.Headers)
        {
            if (header.Time.Ticks > _newestSettledTicks)
                Volatile.Write(ref _newestSettledTicks, header.Time.Ticks);
        }
    }

    internal void CheckpointWritten(HandlerState state)
    {
        Volatile.Write(ref _checkpointTicks, _time.GetUtcNow().UtcTicks);
        if (state.Paged.Newest is { } newest && newest.Ticks > _newestSettledTicks)
            Volatile.Write(ref _newestSettledTicks, newest.Ticks);
    }

    private IEnumerable<Measurement<int>> NotReady() =>
        Parts.Select(part => new Measurement<int>(part.WhyNot() is null ? 0 : 1, new KeyValuePair<string, object?>("part", part.Part)));

    private static KeyValuePair<string, object?> Output(Destination destination) => destination.SessionId is null ? Audit : Session;

    private static long Timestamp(long ticks) => ticks == 0 ? 0 : new DateTimeOffset(ticks, TimeSpan.Zero).ToUnixTimeSeconds();

    private double Age(DateTimeOffset? since) => since is { } moment ? Math.Max(0, (_time.GetUtcNow() - moment).TotalSeconds) : 0;

    /// <summary>One addition per type and run, not per event. A batch holds few types, so a short list beats a dictionary.</summary>
    private static void CountByType(Counter<long> counter, EventBatch batch, int start, int count, KeyValuePair<string, object?> output)
    {
        if (!counter.Enabled)
            return;
        Span<int> counts = stackalloc int[64];
        var types = new string?[64];
        var used = 0;
        foreach (ref readonly var header in batch.Headers.Slice(start, count))
        {
            var at = 0;
            while (at < used && !ReferenceEquals(types[at], header.Type))
                at++;
            if (at == types.Length)
            {
                counter.Add(1, new("type", header.Type), output);
                continue;
            }
            if (at == used)
            {
                types[used++] = header.Type;
                counts[at] = 0;
            }
            counts[at]++;
        }
        for (var i = 0; i < used; i++)
            counter.Add(counts[i], new("type", types[i]), output);
    }
}
