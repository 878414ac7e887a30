using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sessions;

/// <summary>
/// Streams one recording: its events go out in order, one request after the other, and what is settled is noted as the index to go on
/// from, so that a stream that breaks or a process that ends costs nothing but what was on its way.
/// </summary>
internal sealed class SessionStreamer(
    Func<string, int, CancellationToken, Task<GrpcMessageStream>> open,
    IReadOnlySet<string> skipTypes,
    Courier courier,
    OutputLimits limits,
    DeadLetterDesk deadLetters,
    CheckpointWriter checkpoint,
    PipelineMetrics metrics,
    SessionMetrics failures,
    TimeProvider time,
    ILogger log)
{
    /// <summary>JSON bytes gathered before they are sent even though the stream has more at hand.</summary>
    internal const int BatchBytes = 512 * 1024;

    /// <summary>How often a broken stream is opened again before its worker turns to another recording.</summary>
    private const int Reopenings = 3;

    public async Task<RecordingOutcome> StreamAsync(RecordingJob job, CancellationToken stop, CancellationToken abort)
    {
        Log.StartingSession(log, job.SessionId, job.NextIndex);
        var ahead = 1;
        for (var broken = 0; ; broken++)
        {
            var progress = new Progress(job.NextIndex);
            try
            {
                var outcome = await StreamOnceAsync(job, progress, ahead, stop, abort).ConfigureAwait(false);
                if (ahead > 1 || outcome is not RecordingOutcome.Missed { Why.Kind: MissKind.NotTaken } refused)
                    return outcome;
                // The receiver may refuse the one event that was at hand. Those behind it show whether it takes any.
                (ahead, job) = (Courier.MostHeldInOrder + 1, refused.At);
            }
            catch (Exception e) when (e is GrpcException or OperationCanceledException && stop.IsCancellationRequested)
            {
                return new RecordingOutcome.Stopped();
            }
            catch (GrpcException e)
            {
                failures.Failed(e.Status);
                if (progress.NextIndex > job.NextIndex)
                    (broken, job) = (0, job with { NextIndex = progress.NextIndex, Attempts = 0 });
                else
                    job = job with { NextIndex = progress.NextIndex };
                if (broken == Reopenings || !MayPass(e.Status))
                    return new RecordingOutcome.Missed(job, RecordingMiss.Of(e.Status), e.Message);
                Log.SessionRetry(log, job.SessionId, job.NextIndex, e.Message);
                if (!await WaitAsync(TimeSpan.FromSeconds(1 << broken), stop).ConfigureAwait(false))
                    return new RecordingOutcome.Stopped();
            }
        }
    }

    /// <summary>Worth a moment's wait in the worker's place. The other statuses are answers that a moment does not change.</summary>
    private static bool MayPass(GrpcStatus status) => status is GrpcStatus.Unavailable or GrpcStatus.DeadlineExceeded or GrpcStatus.Cancelled
        or GrpcStatus.ResourceExhausted or GrpcStatus.Aborted or GrpcStatus.Internal or GrpcStatus.Unknown;

    private async Task<bool> WaitAsync(TimeSpan pause, CancellationToken stop)
    {
        await Task.Delay(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return !stop.IsCancellationRequested;
    }

    /// <param name="ahead">How many events to wait for before the first is sent, as far as there are any.</param>
    private async Task<RecordingOutcome> StreamOnceAsync(RecordingJob job, Progress progress, int ahead, CancellationToken stop, CancellationToken abort)
    {
        var stream = await open(job.SessionId, (int)Math.Min(job.NextIndex, int.MaxValue), stop).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            var noted = Task.CompletedTask;
            while (await stream.WaitToReadAsync(stop).ConfigureAwait(false))
            {
                using var batch = new EventBatch(64 * 1024);
                var undecodable = ReadBuffered(job, stream, batch, progress);
                while (batch.Count < ahead && batch.JsonBytes < BatchBytes && await HasMoreAsync(stream, stop).ConfigureAwait(false))
                    undecodable.AddRange(ReadBuffered(job, stream, batch, progress));
                metrics.Read(batch, Destination.Session(job.SessionId));
                // One batch ahead of the checkpoint and no more: all that is sent while the disk refuses would come twice.
                await noted.WaitAsync(stop).ConfigureAwait(false);
                if (!await SetAsideAsync(job, undecodable, stop).ConfigureAwait(false))
                    return new RecordingOutcome.Stopped();
                if (await DeliverAsync(job, batch, progress, stop, abort).ConfigureAwait(false) is { } outcome)
                    return outcome;
                noted = NoteAsync(job, progress);
            }
        }
        return new RecordingOutcome.Finished();
    }

    /// <summary>A stream that is broken says so again to the next who waits: first what was read of it goes out.</summary>
    private static async ValueTask<bool> HasMoreAsync(GrpcMessageStream stream, CancellationToken stop)
    {
        try
        {
            return await stream.WaitToReadAsync(stop).ConfigureAwait(false);
        }
        catch (GrpcException)
        {
            return false;
        }
    }

    /// <summary>Takes what is at hand without waiting, up to a batch.</summary>
    private List<Undecodable> ReadBuffered(RecordingJob job, GrpcMessageStream stream, EventBatch batch, Progress progress)
    {
        TypeTally? skipped = null;
        var undecodable = new List<Undecodable>();
        while (batch.JsonBytes < BatchBytes && stream.TryRead(out var message))
        {
            try
            {
                EventDecoder.Append(message, batch);
            }
            catch (MalformedEventException e)
            {
                undecodable.Add(new Undecodable(message.ToArray(), e.Message));
                continue;
            }
            var header = batch[batch.Count - 1];
            var isNew = progress.Pass(header.Index);
            if (isNew && !skipTypes.Contains(header.Type))
                continue;
            batch.RemoveLast();
            if (isNew)
                (skipped ??= new TypeTally()).Add(header.Type);
        }
        metrics.Filtered(skipped, Destination.Session(job.SessionId));
        return undecodable;
    }

    /// <returns>Null when all of it is settled.</returns>
    private async Task<RecordingOutcome?> DeliverAsync(RecordingJob job, EventBatch batch, Progress progress, CancellationToken stop, CancellationToken abort)
    {
        var settledTo = 0;
        var delivery = await courier.DeliverInOrderAsync(Slices.Cut(batch, limits), Destination.Session(job.SessionId), Settled, stop, abort).ConfigureAwait(false);
        if (delivery.IsSettled)
            return null;
        if (delivery.HeldBecause is not { } reason)
            return new RecordingOutcome.Stopped();
        var next = progress.Ordered ? batch[settledTo].Index : progress.NextIndex;
        return new RecordingOutcome.Missed(job with { NextIndex = next }, RecordingMiss.ByReceiver, reason);

        void Settled(int end)
        {
            settledTo = end;
            if (progress.Ordered && end < batch.Count)
                checkpoint.Add([new StateChange.SessionAdvanced(job.SessionId, batch[end].Index)]);
        }
    }

    /// <returns>Ends when it is durable.</returns>
    private Task NoteAsync(RecordingJob job, Progress progress) =>
        checkpoint.AddAndWaitAsync(new StateChange.SessionAdvanced(job.SessionId, progress.NextIndex));

    private async Task<bool> SetAsideAsync(RecordingJob job, List<Undecodable> undecodable, CancellationToken stop)
    {
        foreach (var bad in undecodable)
        {
            if (!await deadLetters.SetAsideAsync(bad.Message, Destination.Session(job.SessionId), bad.Reason, stop).ConfigureAwait(false))
                return false;
        }
        return true;
    }

    private sealed record Undecodable(byte[] Message, string Reason);

    /// <summary>
    /// Where a stream is. Servers give indexes in rising order; one that does not is followed to its end, and resumed, if need be, at
    /// the lowest index that came late: sent again beats lost.
    /// </summary>
    private sealed class Progress(long firstWanted)
    {
        private readonly long _firstWanted = firstWanted;
        private long _last = -1;

        public bool Ordered { get; private set; } = true;

        /// <summary>First index that is not behind us.</summary>
        public long NextIndex { get; private set; } = firstWanted;

        /// <returns>False for an event from before the place we resume at.</returns>
        public bool Pass(long index)
        {
            if (index < _firstWanted)
                return false;
            if (index <= _last)
            {
                Ordered = false;
                NextIndex = Math.Min(NextIndex, index);
            }
            _last = Math.Max(_last, index);
            if (Ordered)
                NextIndex = index + 1;
            return true;
        }
    }
}
