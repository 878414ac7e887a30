using System.Threading.Channels;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sessions;

/// <summary>
/// Streams recordings beside the audit log (event-handler spec 5.6). A recording is queued in the same checkpoint record as the upload
/// event that announced it, streamed by one of <c>concurrency</c> workers, and forgotten when its last event is settled. One that is
/// not there goes onto a schedule that survives restarts; given up, it is a dead letter. One that comes back, from the schedule or from
/// a replay, is in the checkpoint already: however many there are, they wait beside the queue and never hold the audit log back.
/// </summary>
internal sealed class SessionExporter(
    int concurrency, SessionStreamer streamer, MissingRecordings missing, CheckpointWriter checkpoint, PipelineMetrics metrics, ILogger log)
{
    /// <summary>Recordings that may wait for each worker before the audit log has to wait, as upstream has it.</summary>
    private const int BacklogPerWorker = 16;

    private readonly Channel<RecordingJob> _ready = Channel.CreateUnbounded<RecordingJob>();
    private readonly Lock _gate = new();
    private readonly HashSet<string> _known = [];

    /// <summary>Come back and waiting for their turn.</summary>
    private readonly Queue<RecordingJob> _returned = new();

    /// <summary>Come back and handed to the workers, at most one for each: an announced one never waits behind more of them.</summary>
    private readonly HashSet<string> _returning = [];

    /// <summary>Put aside because the receiver refuses their next event and takes no others.</summary>
    private readonly HashSet<string> _notTaken = [];
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _idle;

    /// <summary>Handed to the workers and not done, those of <see cref="_returning"/> included.</summary>
    private int _active;

    /// <summary>Recordings waiting or being streamed; missing ones are not counted.</summary>
    public int Backlog
    {
        get
        {
            lock (_gate)
                return _active + _returned.Count;
        }
    }

    /// <summary>Recordings that wait because the receiver refuses their next event and takes no others.</summary>
    public int NotTaken
    {
        get
        {
            lock (_gate)
                return _notTaken.Count;
        }
    }

    /// <summary>Takes up what the last run left.</summary>
    public void Restore(HandlerState state)
    {
        foreach (var (id, progress) in state.Sessions)
        {
            Log.RestartingSession(log, id, progress.NextIndex);
            Enqueue(new RecordingJob(id, progress.NextIndex, progress.UploadedAt, Attempts: 0));
        }
        foreach (var (id, waiting) in state.Missing)
            missing.Schedule(new RecordingJob(id, waiting.NextIndex, waiting.UploadedAt, waiting.Attempts), waiting.NextTry);
    }

    /// <summary>Queues a recording whose upload event is settled and durable. Never waits: <see cref="WaitForRoomAsync"/> came before.</summary>
    public void Enqueue(string sessionId, DateTime uploadedAt) =>
        Enqueue(missing.TakeOut(sessionId) ?? new RecordingJob(sessionId, 0, uploadedAt, Attempts: 0));

    /// <summary>
    /// Takes back a recording that was given up, at the index it had reached. One that is under way or waits for its next try stays as
    /// it is. Returns when it is in the checkpoint, from where it goes on after a restart; its turn may come much later.
    /// </summary>
    public Task TakeBackAsync(string sessionId, long nextIndex, DateTime now)
    {
        lock (_gate)
        {
            if (missing.Knows(sessionId) || !_known.Add(sessionId))
                return Task.CompletedTask;
        }
        // As if its upload were of now: the time until it is given up begins anew.
        var durable = checkpoint.AddAndWaitAsync(new StateChange.SessionMissing(sessionId, nextIndex, 0, now, now));
        lock (_gate)
        {
            _returned.Enqueue(new RecordingJob(sessionId, nextIndex, now, Attempts: 0));
            AdmitReturned();
        }
        return durable;
    }

    private bool HasRoom => _active - _returning.Count < concurrency * BacklogPerWorker;

    /// <summary>Holds the audit log back while too many recordings that it announced wait.</summary>
    public async Task WaitForRoomAsync(CancellationToken cancellation)
    {
        TaskCompletionSource room;
        lock (_gate)
        {
            if (HasRoom)
                return;
            room = _room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        Log.SessionBackpressure(log, concurrency);
        await room.Task.WaitAsync(cancellation).ConfigureAwait(false);
    }

    /// <summary>Returns when no recording waits or is being streamed.</summary>
    public Task WhenIdleAsync(CancellationToken cancellation)
    {
        lock (_gate)
        {
            if (_active == 0)
                return Task.CompletedTask;
            _idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _idle.Task.WaitAsync(cancellation);
        }
    }

    /// <param name="stop">Starts nothing more and lets what is on its way arrive.</param>
    /// <param name="abort">Cuts that off, too.</param>
    public async Task RunAsync(CancellationToken stop, CancellationToken abort)
    {
        using var failure = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var loops = Enumerable.Range(0, concurrency).Select(_ => WorkAsync(failure.Token, abort)).Append(ReturnMissingAsync(failure.Token));
        await Together.RunAsync(loops, failure).ConfigureAwait(false);
    }

    private async Task WorkAsync(CancellationToken stop, CancellationToken abort)
    {
        try
        {
            await foreach (var job in _ready.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                await ConcludeAsync(job, await streamer.StreamAsync(job, stop, abort).ConfigureAwait(false), stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop. What is not finished is in the checkpoint and goes on after the next start.
        }
    }

    private async Task ReturnMissingAsync(CancellationToken stop)
    {
        try
        {
            await foreach (var job in missing.DueAsync(stop).ConfigureAwait(false))
                Return(job);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop; the schedule is in the checkpoint.
        }
    }

    private async Task ConcludeAsync(RecordingJob job, RecordingOutcome outcome, CancellationToken stop)
    {
        lock (_gate)
        {
            if (outcome is RecordingOutcome.Missed { Why.Kind: MissKind.NotTaken })
                _notTaken.Add(job.SessionId);
            else if (outcome is not RecordingOutcome.Stopped)
                _notTaken.Remove(job.SessionId);
        }
        switch (outcome)
        {
            case RecordingOutcome.Finished:
                missing.TakeOut(job.SessionId);
                // Durable before the next one begins, so that a disk that refuses holds recordings back, too.
                await checkpoint.AddAndWaitAsync(new StateChange.SessionCompleted(job.SessionId)).WaitAsync(stop).ConfigureAwait(false);
                metrics.SessionStreamed();
                Log.FinishedSession(log, job.SessionId);
                break;

            case RecordingOutcome.Missed missed:
                await missing.MissAsync(missed, stop).ConfigureAwait(false);
                break;

            case RecordingOutcome.Stopped:
                // Still in the checkpoint, still counted: nobody waits for it any more.
                return;
        }
        Leave(job);
    }

    private void Enqueue(RecordingJob job)
    {
        lock (_gate)
        {
            if (!_known.Add(job.SessionId))
                return;
            _active++;
        }
        _ready.Writer.TryWrite(job);
    }

    private void Return(RecordingJob job)
    {
        lock (_gate)
        {
            if (!_known.Add(job.SessionId))
                return;
            _returned.Enqueue(job);
            AdmitReturned();
        }
    }

    /// <summary>The caller holds the gate.</summary>
    private void AdmitReturned()
    {
        while (_returning.Count < concurrency && _returned.TryDequeue(out var job))
        {
            _returning.Add(job.SessionId);
            _active++;
            _ready.Writer.TryWrite(job);
        }
    }

    private void Leave(RecordingJob job)
    {
        lock (_gate)
        {
            _known.Remove(job.SessionId);
            _returning.Remove(job.SessionId);
            _active--;
            AdmitReturned();
            if (HasRoom)
            {
                _room?.SetResult();
                _room = null;
            }
            if (_active == 0)
            {
                _idle?.SetResult();
                _idle = null;
            }
        }
    }
}
