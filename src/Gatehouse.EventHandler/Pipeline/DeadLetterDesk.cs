using Gatehouse.EventHandler.Outputs;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// Sets aside what cannot be delivered. A disk that refuses the dead letter holds the event: it is settled when it is on disk, never before.
/// </summary>
internal sealed class DeadLetterDesk(DeadLetterFile file, PipelineMetrics metrics, TimeProvider time, ILogger log)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    /// <summary>One event the receiver refuses for good.</summary>
    /// <returns>False when told to stop before it was on disk.</returns>
    public async ValueTask<bool> SetAsideAsync(EventSlice one, Destination destination, string reason, int? status, CancellationToken stop)
    {
        var header = one.Batch[one.Start];
        if (!await UntilWrittenAsync(() => file.AppendAsync(one, destination, reason, status, CancellationToken.None), stop).ConfigureAwait(false))
            return false;
        Log.EventRefused(log, one.Batch.TextString(header.Id), header.Type, reason, file.Path);
        metrics.DeadLettered(header.Type, destination);
        return true;
    }

    /// <summary>A message of the cluster that is no event.</summary>
    public async ValueTask<bool> SetAsideAsync(ReadOnlyMemory<byte> undecodable, Destination destination, string reason, CancellationToken stop)
    {
        if (!await UntilWrittenAsync(() => file.AppendBytesAsync(undecodable, destination, reason, CancellationToken.None), stop).ConfigureAwait(false))
            return false;
        Log.UndecodableEvent(log, destination.SessionId ?? "", reason, file.Path);
        metrics.DeadLettered("undecodable", destination);
        return true;
    }

    /// <summary>A recording that is given up.</summary>
    public async ValueTask<bool> SetAsideRecordingAsync(string sessionId, long nextIndex, string reason, CancellationToken stop)
    {
        if (!await UntilWrittenAsync(() => file.AppendRecordingAsync(sessionId, nextIndex, reason, CancellationToken.None), stop).ConfigureAwait(false))
            return false;
        Log.RecordingGivenUp(log, sessionId, reason, file.Path);
        metrics.DeadLettered("recording", Destination.Session(sessionId));
        return true;
    }

    private async ValueTask<bool> UntilWrittenAsync(Func<ValueTask> append, CancellationToken stop)
    {
        for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                await append().ConfigureAwait(false);
                return true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Log.DeadLetterFailed(log, file.Path, e.Message);
            }
            try
            {
                await Task.Delay(pause, time, stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return false;
            }
        }
    }
}
