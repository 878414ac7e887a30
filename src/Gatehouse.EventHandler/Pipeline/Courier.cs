using Gatehouse.EventHandler.Outputs;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// Brings slices to the output until they are settled: delivered, or refused for good and written to the dead letters. Each try is the
/// output's, each wait is the schedule's; this is the loop between them. The audit log goes in any order, recordings in theirs, and
/// both share the output's places.
/// </summary>
internal sealed partial class Courier(
    IDurableOutput output, RetrySchedule schedule, DeadLetterDesk deadLetters, PipelineMetrics metrics, TimeProvider time, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _places = new(output.Limits.MaxInFlight);
    private readonly Door _audit = new();
    private readonly Door _sessions = new();

    /// <summary>Why one of the receiver's doors does not take events right now; null when both took the last ones.</summary>
    public string? Problem => (_audit.Problem, _sessions.Problem) switch
    {
        (null, null) => null,
        ({ } audit, null) => audit,
        (null, { } sessions) => $"recordings: {sessions}",
        var (audit, sessions) => $"{audit}; recordings: {sessions}",
    };

    /// <summary>
    /// Told each time the audit log's door had trouble that is not about an event, with the pause before the next try: an outage, which is
    /// waited for.
    /// </summary>
    public Action<TimeSpan>? AuditAway { get; set; }

    public void Dispose() => _places.Dispose();

    /// <summary>Sends a slice until it gets an answer that is about the slice.</summary>
    /// <param name="stop">No further try after the current one.</param>
    /// <param name="abort">Not even that.</param>
    /// <returns>Null when told to stop before that.</returns>
    private async ValueTask<Verdict?> SendAsync(EventSlice slice, Destination destination, Door door, CancellationToken stop, CancellationToken abort)
    {
        for (var tries = 1; ; tries++)
        {
            Verdict verdict;
            long begunAt;
            await _places.WaitAsync(abort).ConfigureAwait(false);
            try
            {
                if (stop.IsCancellationRequested)
                    return null;
                begunAt = door.Moment;
                verdict = await output.SendAsync(slice, destination, abort).ConfigureAwait(false);
            }
            finally
            {
                _places.Release();
            }
            if (verdict is Verdict.Delivered)
                Delivered(slice, destination, door, begunAt, tries - 1);
            if (verdict is not Verdict.TryAgain again)
                return verdict;
            door.Problem = again.Reason;
            if (!await WaitAsync(again, tries, door, stop).ConfigureAwait(false))
                return null;
        }
    }

    private void Delivered(EventSlice slice, Destination destination, Door door, long begunAt, int failures)
    {
        if (failures >= RetrySchedule.WarnAfterTries)
            Log.DeliveryRecovered(log, failures);
        door.Took(begunAt);
        metrics.Delivered(slice, destination);
        if (log.IsEnabled(LogLevel.Debug))
            TellEach(slice, destination);
    }

    private void TellEach(EventSlice slice, Destination destination)
    {
        for (var i = slice.Start; i < slice.Start + slice.Count; i++)
        {
            ref readonly var header = ref slice.Batch[i];
            Log.EventSent(log, slice.Batch.TextString(header.Id), header.Type, header.Time, header.Index, destination.SessionId ?? slice.Batch.TextString(header.SessionId));
        }
    }

    /// <returns>False when told to stop before the wait was over.</returns>
    private async ValueTask<bool> WaitAsync(Verdict.TryAgain again, int tries, Door door, CancellationToken stop)
    {
        var pause = schedule.Next(tries, again.RetryAfter);
        if (door == _audit)
            AuditAway?.Invoke(pause);
        metrics.Retried();
        if (tries == RetrySchedule.WarnAfterTries || tries % RetrySchedule.RemindEveryTries == 0)
            Log.DeliveryFails(log, again.Reason, tries, pause);
        else
            Log.ErrorSendingEvent(log, again.Reason, tries);
        if (stop.IsCancellationRequested)
            return false;
        await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stop.IsCancellationRequested;
    }
}
