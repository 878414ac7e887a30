using Gatehouse.EventHandler.Outputs;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// Brings slices to the output until they are settled: delivered, or refused for good and written to the dead letters. Each try is the
/// output's, each wait is the schedule's; this is the loop between them. Audit log and recordings share its places.
/// </summary>
internal sealed class Courier(
    IDurableOutput output, RetrySchedule schedule, DeadLetterDesk deadLetters, PipelineMetrics metrics, TimeProvider time, ILogger log) : IDisposable
{
    private readonly SemaphoreSlim _places = new(output.Limits.MaxInFlight);
    private readonly Door _audit = new();
    private readonly Door _sessions = new();

    /// <summary>Why the receiver does not take events right now; null when the last try succeeded.</summary>
    public string? Problem { get; private set; }

    /// <returns>True when every event of the slice is settled; false when told to stop before that.</returns>
    /// <param name="stop">No further try after the current one.</param>
    /// <param name="abort">Not even that.</param>
    public ValueTask<bool> DeliverAsync(EventSlice slice, Destination destination, CancellationToken stop, CancellationToken abort) =>
        DeliverAsync(slice, destination, default, stop, abort);

    public void Dispose() => _places.Dispose();

    private async ValueTask<bool> DeliverAsync(
        EventSlice slice, Destination destination, Trouble trouble, CancellationToken stop, CancellationToken abort)
    {
        var door = destination.SessionId is null ? _audit : _sessions;
        while (true)
        {
            var verdict = await TryOnceAsync(slice, destination, abort).ConfigureAwait(false);
            switch (verdict)
            {
                case Verdict.Delivered:
                    Delivered(slice, destination, door, trouble);
                    return true;

                case Verdict.TooLarge when slice.Count == 1:
                    return await deadLetters.SetAsideAsync(slice, destination, ((Verdict.TooLarge)verdict).Reason, 413, stop).ConfigureAwait(false);

                case Verdict.TooLarge:
                    return await DeliverHalvesAsync(slice, destination, trouble, stop, abort).ConfigureAwait(false);

                case Verdict.Refused refused:
                    trouble = trouble.Refused(door);
                    if (slice.Count > 1)
                        return await DeliverHalvesAsync(slice, destination, trouble, stop, abort).ConfigureAwait(false);
                    if (trouble.IsBelievable(door))
                        return await deadLetters.SetAsideAsync(slice, destination, refused.Reason, refused.Status, stop).ConfigureAwait(false);
                    verdict = new Verdict.TryAgain(refused.Reason, Status: refused.Status);
                    break;
            }
            if (verdict is not Verdict.TryAgain again)
                throw new InvalidOperationException($"a verdict nobody knows: {verdict}");
            Problem = again.Reason;
            trouble = trouble.Again();
            if (!await WaitAsync(again, trouble.Tries, stop).ConfigureAwait(false))
                return false;
        }
    }

    private async ValueTask<Verdict> TryOnceAsync(EventSlice slice, Destination destination, CancellationToken abort)
    {
        await _places.WaitAsync(abort).ConfigureAwait(false);
        try
        {
            return await output.SendAsync(slice, destination, abort).ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
    }

    private void Delivered(EventSlice slice, Destination destination, Door door, Trouble trouble)
    {
        door.Delivered();
        Problem = null;
        if (trouble.Tries >= RetrySchedule.WarnAfterTries)
            Log.DeliveryRecovered(log, trouble.Tries);
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

    /// <summary>
    /// One after the other, so that a recording keeps its order. A refused part of the audit log, which has none, goes side by side: a
    /// half that is held must not keep the other from showing whether the receiver takes anything at all.
    /// </summary>
    private async ValueTask<bool> DeliverHalvesAsync(
        EventSlice slice, Destination destination, Trouble trouble, CancellationToken stop, CancellationToken abort)
    {
        var (first, second) = Slices.Halve(slice);
        if (destination.SessionId is not null || !trouble.WasRefused)
        {
            return await DeliverAsync(first, destination, trouble, stop, abort).ConfigureAwait(false)
                && await DeliverAsync(second, destination, trouble, stop, abort).ConfigureAwait(false);
        }
        var halves = await Task.WhenAll(
            DeliverAsync(first, destination, trouble, stop, abort).AsTask(),
            DeliverAsync(second, destination, trouble, stop, abort).AsTask()).ConfigureAwait(false);
        return halves[0] && halves[1];
    }

    /// <returns>False when told to stop before the wait was over.</returns>
    private async ValueTask<bool> WaitAsync(Verdict.TryAgain again, int tries, CancellationToken stop)
    {
        var pause = schedule.Next(tries, again.RetryAfter);
        metrics.Retried();
        if (tries == RetrySchedule.WarnAfterTries || tries % RetrySchedule.RemindEveryTries == 0)
            Log.DeliveryFails(log, again.Reason, tries, pause);
        else
            Log.ErrorSendingEvent(log, again.Reason, tries);
        if (stop.IsCancellationRequested)
            return false;
        try
        {
            await Task.Delay(pause, time, stop).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>
    /// One of the receiver's two doors, and whether it takes events at all. A refusal is about the event only if others get in: a
    /// receiver that suddenly refuses everything (an expired client certificate, a wrong parser) refuses us.
    /// </summary>
    private sealed class Door
    {
        private long _deliveries;
        private bool _tookTheLast;

        public long Deliveries => Volatile.Read(ref _deliveries);

        public void Delivered()
        {
            Interlocked.Increment(ref _deliveries);
            Volatile.Write(ref _tookTheLast, true);
        }

        /// <returns>Whether what was answered before this refusal was taken.</returns>
        public bool Refused() => Interlocked.Exchange(ref _tookTheLast, false);
    }

    /// <summary>What one slice has met so far; its halves inherit it.</summary>
    private readonly record struct Trouble(int Tries, bool WasRefused, bool AfterADelivery, long DeliveriesBefore)
    {
        public Trouble Again() => this with { Tries = Tries + 1 };

        public Trouble Refused(Door door)
        {
            var afterADelivery = door.Refused();
            return WasRefused ? this : this with { WasRefused = true, AfterADelivery = afterADelivery, DeliveriesBefore = door.Deliveries };
        }

        public bool IsBelievable(Door door) => AfterADelivery || door.Deliveries > DeliveriesBefore;
    }
}
