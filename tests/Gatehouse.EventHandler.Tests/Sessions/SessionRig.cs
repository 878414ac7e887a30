using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.State;
using Gatehouse.EventHandler.Tests.Sources;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sessions;

/// <summary>The recordings' part of a handler between a scripted cluster and an output in memory, with a clock that stands still.</summary>
internal sealed class SessionRig : IAsyncDisposable
{
    public static readonly DateTime Now = new(2026, 11, 21, 12, 0, 0, DateTimeKind.Utc);

    private readonly TemporaryFolder _folder = new();
    private readonly CancellationTokenSource _bound = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly GrpcChannel _channel;

    private SessionRig(ScriptedCluster cluster)
    {
        Cluster = cluster;
        _channel = cluster.OpenChannel();
        Metrics = new PipelineMetrics(Clock);
        // Whatever does not come is a failure, not a test that never ends.
        _bound.CancelAfter(TimeSpan.FromSeconds(30));
    }

    public ScriptedCluster Cluster { get; }

    public WaitingClock Clock { get; } = new(new DateTimeOffset(Now), longest: TimeSpan.FromHours(1));

    public RememberingOutput Output { get; } = new();

    public LineSignals Log { get; } = new();

    public PipelineMetrics Metrics { get; }

    public SessionMetrics SessionMetrics { get; } = new();

    public GrpcChannel Channel => _channel;

    public string StateDirectory => _folder["state"];

    public CancellationToken Cancellation => _bound.Token;

    public static async Task<SessionRig> StartAsync() => new(await ScriptedCluster.StartAsync());

    /// <summary>Events <c>id-0</c>, <c>id-1</c>, …, with these types.</summary>
    public void AddRecording(string id, params string[] types) =>
        Cluster.AddRecording(id, types.Select((type, i) => ScriptedEvents.Make($"{id}-{i}", Now.AddSeconds(i), type, index: i)));

    /// <summary>Events <c>id-N</c> with these indexes, in this order.</summary>
    public void AddRecording(string id, params int[] indexes) =>
        Cluster.AddRecording(id, indexes.Select(index => ScriptedEvents.Make($"{id}-{index}", Now.AddSeconds(index), "exec", index: index)));

    public SessionRun Run(int concurrency = 2, int maxEvents = 100)
    {
        var checkpoint = Checkpoint.Open(StateDirectory, Clock);
        return new SessionRun(this, checkpoint, DeadLetterFile.Open(StateDirectory, Clock), concurrency, maxEvents);
    }

    /// <summary>Lets time pass, from wait to wait, until something has happened.</summary>
    public async Task PassTimeUntilAsync(Task reached)
    {
        while (!reached.IsCompleted)
        {
            var more = Clock.Waits.WaitToReadAsync(Cancellation).AsTask();
            if (await Task.WhenAny(reached, more) == reached)
                break;
            await more;
            if (Clock.Waits.TryRead(out var wait) && !wait.IsOver)
                Clock.Advance(wait.Length);
        }
        await reached;
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await Cluster.DisposeAsync();
        Metrics.Dispose();
        SessionMetrics.Dispose();
        _bound.Dispose();
        _folder.Dispose();
    }
}
