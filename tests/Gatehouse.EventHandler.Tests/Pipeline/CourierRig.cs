using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.Events;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>A courier before an output that answers as told, with a clock that runs as fast as it is waited for.</summary>
internal sealed class CourierRig : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly PipelineMetrics _metrics;
    private readonly List<EventBatch> _batches = [];
    private readonly CancellationTokenSource _failure = new();

    private CourierRig(int maxInFlight)
    {
        _metrics = new PipelineMetrics(Time);
        Owner = new GrowingGroup(_failure);
        Output = new AnsweringOutput { Limits = new OutputLimits(100, int.MaxValue, maxInFlight) };
    }

    /// <summary>The token of a stop that never comes.</summary>
    public static CancellationToken NotTold => default;

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public FakeTimeProvider Time { get; } = new();

    public AnsweringOutput Output { get; }

    /// <summary>Of what is held.</summary>
    public GrowingGroup Owner { get; }

    public DeadLetterFile DeadLetters { get; private set; } = null!;

    public Courier Courier { get; private set; } = null!;

    public static Task<CourierRig> OpenAsync(int maxInFlight = 1)
    {
        var rig = new CourierRig(maxInFlight);
        rig.DeadLetters = DeadLetterFile.Open(rig._folder.Path, rig.Time);
        rig.Courier = new Courier(
            rig.Output, new RetrySchedule(() => 0.5), new DeadLetterDesk(rig.DeadLetters, rig._metrics, rig.Time, NullLogger.Instance), rig._metrics, rig.Time,
            NullLogger.Instance);
        return Task.FromResult(rig);
    }

    /// <summary>One slice with events of these types.</summary>
    public EventSlice Slice(params string[] types)
    {
        var batch = Some.Batch(types);
        _batches.Add(batch);
        return new EventSlice(batch, 0, batch.Count);
    }

    /// <summary>A slice for each event.</summary>
    public IReadOnlyList<EventSlice> Singles(params string[] types)
    {
        var all = Slice(types);
        return [.. Enumerable.Range(0, all.Count).Select(i => all with { Start = i, Count = 1 })];
    }

    /// <summary>Delivers a slice of the audit log, whatever has to be waited for.</summary>
    public async Task<bool> DeliverAsync(EventSlice slice)
    {
        var delivery = await PassTimeAsync(Courier.DeliverAsync(slice, Owner, NotTold, Cancellation).AsTask());
        return delivery.Held is { } later ? await PassTimeAsync(later) : delivery.Settled;
    }

    public Task<OrderedDelivery> DeliverInOrderAsync(IReadOnlyList<EventSlice> slices, Action<int>? settled = null, string sessionId = "s") =>
        PassTimeAsync(Courier.DeliverInOrderAsync(slices, Destination.Session(sessionId), settled ?? (_ => { }), NotTold, Cancellation).AsTask());

    /// <summary>Lets time run until the task has ended.</summary>
    public async Task<T> PassTimeAsync<T>(Task<T> task)
    {
        while (!task.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        return await task;
    }

    public ValueTask DisposeAsync()
    {
        Courier.Dispose();
        DeadLetters.Dispose();
        _metrics.Dispose();
        _failure.Dispose();
        foreach (var batch in _batches)
            batch.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
