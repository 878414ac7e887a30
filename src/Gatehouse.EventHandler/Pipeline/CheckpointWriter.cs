using System.Threading.Channels;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// The one writer of the checkpoint. Everybody hands it progress in the order in which it becomes true; whatever came in while the
/// last record was being written goes into the next one, so many batches share one fsync.
/// </summary>
internal sealed class CheckpointWriter(Checkpoint checkpoint, PipelineMetrics metrics, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly Lock _gate = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private List<StateChange> _changes = [];
    private List<Action> _whenDurable = [];
    private bool _complete;

    /// <summary>What is wrong with the disk right now; null when the last record was written.</summary>
    public string? Problem { get; private set; }

    /// <summary>Adds progress; never waits.</summary>
    /// <param name="whenDurable">Runs on the writer's loop once a record with these changes is on disk. Must be quick.</param>
    public void Add(ReadOnlySpan<StateChange> changes, Action? whenDurable = null)
    {
        lock (_gate)
        {
            _changes.AddRange(changes);
            if (whenDurable is not null)
                _whenDurable.Add(whenDurable);
        }
        _news.Writer.TryWrite(true);
    }

    /// <summary>Adds progress and returns when it is durable.</summary>
    public Task AddAndWaitAsync(StateChange change)
    {
        var durable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add([change], durable.SetResult);
        return durable.Task;
    }

    /// <summary>Returns when everything added so far is durable and its actions have run.</summary>
    public Task FlushAsync()
    {
        var durable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add([], durable.SetResult);
        return durable.Task;
    }

    /// <summary>Nothing more comes: <see cref="RunAsync"/> ends when all of it is durable.</summary>
    public void Complete()
    {
        lock (_gate)
            _complete = true;
        _news.Writer.TryWrite(true);
    }

    /// <param name="abort">Gives up what is not durable yet; it is delivered again after the next start.</param>
    public async Task RunAsync(CancellationToken abort)
    {
        while (true)
        {
            await _news.Reader.ReadAsync(abort).ConfigureAwait(false);
            while (Take() is var (changes, whenDurable) && (changes.Count > 0 || whenDurable.Count > 0))
            {
                if (changes.Count > 0)
                    await WriteAsync(changes, abort).ConfigureAwait(false);
                foreach (var action in whenDurable)
                    action();
            }
            lock (_gate)
            {
                if (_complete && _changes.Count == 0 && _whenDurable.Count == 0)
                    return;
            }
        }
    }

    private (List<StateChange> Changes, List<Action> WhenDurable) Take()
    {
        lock (_gate)
        {
            var taken = (_changes, _whenDurable);
            _changes = [];
            _whenDurable = [];
            return taken;
        }
    }

    /// <summary>A disk that refuses is waited for: going on without a checkpoint would be a promise nobody keeps.</summary>
    private async Task WriteAsync(List<StateChange> changes, CancellationToken abort)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await checkpoint.CommitAsync(changes, abort).ConfigureAwait(false);
                metrics.CheckpointWritten(checkpoint.State);
                if (Problem is not null)
                    Log.CheckpointRecovered(log);
                Problem = null;
                return;
            }
            catch (IOException e)
            {
                Problem = e.Message;
                Log.CheckpointFailed(log, e.Message, pause);
                await Task.Delay(pause, time, abort).ConfigureAwait(false);
            }
        }
    }
}
