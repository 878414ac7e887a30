using System.Threading.Channels;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// The one writer of the checkpoint. Everybody hands it progress in the order in which it becomes true; whatever came in while the
/// last record was being written goes into the next one, so many batches share one fsync. Records are paced unless somebody waits for one.
/// </summary>
internal sealed class CheckpointWriter(Checkpoint checkpoint, PipelineMetrics metrics, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Least time from the start of a record to the start of the next. At full speed a batch is settled every three milliseconds, and an
    /// fsync for each takes 3 to 4 % of a processor; what a kill repeats grows by what is acknowledged in this time.
    /// </summary>
    internal static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private readonly Lock _gate = new();
    private readonly Channel<bool> _news = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private List<StateChange> _changes = [];
    private List<Action> _whenDurable = [];
    private TaskCompletionSource _hurry = NewHurry();
    private bool _complete;

    /// <summary>What is wrong with the disk right now; null when the last record was written.</summary>
    public string? Problem { get; private set; }

    /// <summary>Asked on the writer's loop for what else can go into the record that is about to be written; adds it.</summary>
    public Action? BeforeEachRecord { get; set; }

    /// <summary>Where the search of the audit log stands on disk; null before its first event.</summary>
    public PagedPlaceReached? PagedPlace =>
        checkpoint.State.Paged is { Newest: { } newest } paged ? new PagedPlaceReached(newest, paged.Floor ?? newest) : null;

    /// <summary><see cref="BeforeEachRecord"/> has something to add.</summary>
    public void ThereIsMore() => _news.Writer.TryWrite(true);

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
        Hurry();
        return durable.Task;
    }

    /// <summary>Returns when everything added so far is durable and its actions have run.</summary>
    public Task FlushAsync()
    {
        var durable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Add([], durable.SetResult);
        Hurry();
        return durable.Task;
    }

    /// <summary>Nothing more comes: <see cref="RunAsync"/> ends when all of it is durable.</summary>
    public void Complete()
    {
        lock (_gate)
            _complete = true;
        _news.Writer.TryWrite(true);
        Hurry();
    }

    /// <param name="abort">Gives up what is not durable yet; it is delivered again after the next start.</param>
    public async Task RunAsync(CancellationToken abort)
    {
        while (true)
        {
            await _news.Reader.ReadAsync(abort).ConfigureAwait(false);
            BeforeEachRecord?.Invoke();
            if (Take() is var (changes, whenDurable) && (changes.Count > 0 || whenDurable.Count > 0))
            {
                var started = time.GetTimestamp();
                if (changes.Count > 0)
                    await WriteAsync(changes, abort).ConfigureAwait(false);
                foreach (var action in whenDurable)
                    action();
                if (changes.Count > 0)
                    await PaceAsync(started, abort).ConfigureAwait(false);
            }
            lock (_gate)
            {
                if (_complete && _changes.Count == 0 && _whenDurable.Count == 0)
                    return;
            }
        }
    }

    private async Task PaceAsync(long started, CancellationToken abort)
    {
        var left = Pace - time.GetElapsedTime(started);
        Task hurry;
        lock (_gate)
            hurry = _hurry.Task;
        if (left > TimeSpan.Zero)
            await hurry.WaitAsync(left, time, abort).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        abort.ThrowIfCancellationRequested();
    }

    private void Hurry()
    {
        lock (_gate)
            _hurry.TrySetResult();
    }

    private static TaskCompletionSource NewHurry() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private (List<StateChange> Changes, List<Action> WhenDurable) Take()
    {
        lock (_gate)
        {
            var taken = (_changes, _whenDurable);
            _changes = [];
            _whenDurable = [];
            if (_hurry.Task.IsCompleted && !_complete)
                _hurry = NewHurry();
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
