using System.Runtime.CompilerServices;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sessions;

/// <summary>
/// Recordings that are announced but not to be had. One that is not there comes back after 1, 3 and 9 minutes and so on up to once an
/// hour, until 48 hours after the upload and at least three tries have passed; then it is a dead letter. One that the cluster refuses is
/// asked for every hour and never given up. Each try may write an audit event on the cluster, which is why they are few.
/// </summary>
internal sealed class MissingRecordings(DeadLetterDesk deadLetters, CheckpointWriter checkpoint, TimeProvider time, ILogger log)
{
    /// <summary>After this long a recording is not coming any more; upstream's figure.</summary>
    public static readonly TimeSpan GiveUpAfter = TimeSpan.FromHours(48);

    /// <summary>Even a recording whose upload is long past is tried this often.</summary>
    public const int FewestTries = 3;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly PriorityQueue<RecordingJob, DateTime> _schedule = new();
    private readonly Dictionary<string, RecordingJob> _waiting = [];
    private TaskCompletionSource _changed = NewSignal();

    public int Count
    {
        get
        {
            lock (_gate)
                return _waiting.Count;
        }
    }

    /// <summary>Whether it waits for its next try.</summary>
    public bool Knows(string sessionId)
    {
        lock (_gate)
            return _waiting.ContainsKey(sessionId);
    }

    /// <summary>Notes that a recording was not to be had, durably, and plans its next try or gives it up.</summary>
    public async Task MissAsync(RecordingOutcome.Missed missed, CancellationToken stop)
    {
        var (job, why, reason) = missed;
        var now = time.GetUtcNow().UtcDateTime;
        // Upstream's state does not say when it was uploaded: then its 48 hours begin with the first try that missed it.
        if (job.UploadedAt == DateTime.MinValue)
            job = job with { UploadedAt = now };
        var attempts = job.Attempts + (why.Kind == MissKind.NotThere ? 1 : 0);
        if (why.Kind == MissKind.NotThere && attempts >= FewestTries && now - job.UploadedAt >= GiveUpAfter)
        {
            // The dead letter first: until it is on disk the recording stays in the checkpoint.
            if (await deadLetters.SetAsideRecordingAsync(job.SessionId, job.NextIndex, reason, stop).ConfigureAwait(false))
                checkpoint.Add([new StateChange.SessionGivenUp(job.SessionId)]);
            return;
        }
        var next = now + (why.Kind == MissKind.Refused ? LongestPause : Pause(attempts));
        if (why.Kind == MissKind.Refused)
            Log.RecordingDenied(log, job.SessionId, why.Status, reason, next);
        else if (why.Kind == MissKind.NotTaken)
            Log.RecordingNotTaken(log, job.SessionId, job.NextIndex, reason, next);
        else
            Log.RecordingMissing(log, job.SessionId, reason, attempts, next);
        var again = job with { Attempts = attempts };
        checkpoint.Add([new StateChange.SessionMissing(job.SessionId, job.NextIndex, attempts, job.UploadedAt, next)], () => Schedule(again, next));
    }

    public void Schedule(RecordingJob job, DateTime due)
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            if (_waiting.TryAdd(job.SessionId, job))
                _schedule.Enqueue(job, due);
            (changed, _changed) = (_changed, NewSignal());
        }
        changed.TrySetResult();
    }

    /// <summary>The recording has turned up by another way; null when it was not missing.</summary>
    public RecordingJob? TakeOut(string sessionId)
    {
        lock (_gate)
            return _waiting.Remove(sessionId, out var job) ? job : null;
    }

    /// <summary>Each recording when its time has come.</summary>
    public async IAsyncEnumerable<RecordingJob> DueAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        while (true)
        {
            RecordingJob? due = null;
            Task changed;
            var pause = Timeout.InfiniteTimeSpan;
            lock (_gate)
            {
                changed = _changed.Task;
                if (_schedule.TryPeek(out _, out var when))
                {
                    var now = time.GetUtcNow().UtcDateTime;
                    if (when <= now)
                        (due, pause) = (Take(), TimeSpan.Zero);
                    else
                        pause = Shorter(when - now, LongestPause);
                }
            }
            cancellation.ThrowIfCancellationRequested();
            if (due is not null)
                yield return due;
            else if (pause != TimeSpan.Zero)
                // Its timer goes with it: a change ends most waits, and a timer left behind would stay for up to an hour.
                await changed.WaitAsync(pause, time, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    internal static TimeSpan Pause(int attempts)
    {
        var pause = FirstPause;
        for (var i = 1; i < attempts && pause < LongestPause; i++)
            pause *= 3;
        return Shorter(pause, LongestPause);
    }

    /// <summary>The first that is due and was not forgotten meanwhile.</summary>
    private RecordingJob? Take()
    {
        var job = _schedule.Dequeue();
        return _waiting.Remove(job.SessionId, out var waiting) ? waiting : null;
    }

    private static TimeSpan Shorter(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
