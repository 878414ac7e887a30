using System.Text;
using System.Threading.Channels;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>
/// A source that reads a scripted cluster, and what it handed over. Time passes only while a test waits for something, and then only
/// as far as the source waits for it.
/// </summary>
internal sealed class SourceRun : IAsyncDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    private readonly Channel<SourceBatch> _batches = Channel.CreateBounded<SourceBatch>(4);
    private readonly CancellationTokenSource _stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly HandlerState _state;
    private readonly WaitingClock _clock;
    private readonly GrpcChannel _channel;
    private readonly SourceMetrics _metrics = new();

    private SourceRun(ScriptedCluster cluster, ExportPlan plan, HandlerState state, WaitingClock clock, TimeSpan? patience)
    {
        _state = state;
        _clock = clock;
        _channel = cluster.OpenChannel();
        var source = new ClusterSource(new AuditLogClient(_channel, patience, patience), plan, state, new ClusterContact(clock, Logger, Random.Shared.NextDouble), TakeUndecodable, clock, _metrics, Logger);
        Ended = Task.Run(() => source.RunAsync(_batches.Writer, _stop.Token));
    }

    public Task Ended { get; }

    /// <summary>Ids in the order of delivery.</summary>
    public List<string> Delivered { get; } = [];

    public List<string> Documents { get; } = [];

    public List<StateChange> Changes { get; } = [];

    public List<string> Undecodable { get; } = [];

    /// <summary>Events that the filters took out, by type.</summary>
    public SortedDictionary<string, int> Filtered { get; } = new(StringComparer.Ordinal);

    public int Batches { get; private set; }

    public CollectingLogger<ClusterSource> Logger { get; } = new();

    public static ExportPlan Plan(int batch = 20) => new()
    {
        Teleport = new TeleportPlan { Addr = "cluster.example:3025", Identity = "/identity" },
        Fluentd = new FluentdPlan { Url = "http://localhost/audit", SessionUrl = "http://localhost/session" },
        Storage = "/state",
        Batch = batch,
        StartTime = Noon.AddHours(-1),
    };

    /// <param name="patience">How long the cluster may be silent, in real time; null as long as in the product.</param>
    public static SourceRun Start(
        ScriptedCluster cluster, ExportPlan plan, HandlerState? state = null, WaitingClock? clock = null, TimeSpan? patience = null) =>
        new(cluster, plan, state ?? new HandlerState(), clock ?? new WaitingClock(Noon), patience);

    /// <summary>Reads from the beginning to the end of what is there.</summary>
    public static async Task<SourceRun> ToTheEndAsync(ScriptedCluster cluster, ExportPlan plan, HandlerState? state = null, WaitingClock? clock = null)
    {
        var run = Start(cluster, plan with { ExitOnLastEvent = true }, state, clock);
        await run.UntilEndedAsync();
        return run;
    }

    public async Task UntilEndedAsync()
    {
        await UntilAsync(() => Ended.IsCompleted);
        while (_batches.Reader.TryRead(out var batch))
            Settle(batch);
        await Ended;
    }

    public Task UntilDeliveredAsync(int count) => UntilAsync(() => Delivered.Count >= count);

    /// <summary>Takes batches, each as if it were settled at once, and lets time pass, until the condition holds.</summary>
    public async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            while (!condition() && _batches.Reader.TryRead(out var batch))
                Settle(batch);
            if (condition())
                return;
            if (Ended.IsCompleted)
            {
                await Ended;
                Assert.Fail($"the source ended with {Delivered.Count} events delivered");
            }
            if (limit.IsCancellationRequested)
                Assert.Fail($"it takes too long; {Delivered.Count} events were delivered, last {string.Join(' ', Delivered.TakeLast(50))}; {string.Join('\n', Logger.Lines.TakeLast(20))}");
            if (_clock.Waits.TryRead(out var wait))
            {
                if (!wait.IsOver)
                    _clock.Advance(wait.Length);
                continue;
            }
            using var idle = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
            await Task.WhenAny(
                _batches.Reader.WaitToReadAsync(idle.Token).AsTask(), _clock.Waits.WaitToReadAsync(idle.Token).AsTask(), Ended);
            await idle.CancelAsync();
        }
    }

    /// <summary>Stops the source. What it had handed over and nobody took is lost, as at a crash.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (_batches.Reader.TryRead(out var batch))
            batch.Events.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _channel.Dispose();
        _metrics.Dispose();
        _stop.Dispose();
    }

    private void Settle(SourceBatch batch)
    {
        Batches++;
        if (batch.Filtered is not null)
        {
            foreach (var (type, count) in batch.Filtered)
                Filtered[type] = Filtered.GetValueOrDefault(type) + count;
        }
        for (var i = 0; i < batch.Events.Count; i++)
        {
            Delivered.Add(batch.Events.TextString(batch.Events[i].Id));
            Documents.Add(Encoding.UTF8.GetString(batch.Events.Json(i).Span));
        }
        foreach (var change in batch.Changes)
        {
            Changes.Add(change);
            StateFold.Apply(_state, change);
        }
        batch.Events.Dispose();
    }

    private ValueTask TakeUndecodable(ReadOnlyMemory<byte> message, string reason, CancellationToken cancellation)
    {
        lock (Undecodable)
            Undecodable.Add(reason);
        return ValueTask.CompletedTask;
    }
}
