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
    /// <summary>
    /// A slice that the receiver keeps answering with a server error while it takes others is poison, not an outage. It must have
    /// been tried this often, for this long, before its events are told apart one by one and set aside.
    /// </summary>
    private const int PoisonTries = 12;
    private static readonly TimeSpan PoisonTime = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _places = new(output.Limits.MaxInFlight);
    private long _deliveries;

    /// <summary>Why the receiver does not take events right now; null when the last try succeeded.</summary>
    public string? Problem { get; private set; }

    /// <returns>True when every event of the slice is settled; false when told to stop before that.</returns>
    /// <param name="stop">No further try after the current one.</param>
    /// <param name="abort">Not even that.</param>
    public async ValueTask<bool> DeliverAsync(EventSlice slice, Destination destination, CancellationToken stop, CancellationToken abort)
    {
        var trouble = default(Trouble);
        while (true)
        {
            switch (await TryOnceAsync(slice, destination, abort).ConfigureAwait(false))
            {
                case Verdict.Delivered:
                    Delivered(slice, destination, trouble);
                    return true;

                case Verdict.TooLarge or Verdict.Refused when slice.Count > 1:
                    return await DeliverHalvesAsync(slice, destination, stop, abort).ConfigureAwait(false);

                case Verdict.TooLarge large:
                    return await deadLetters.SetAsideAsync(slice, destination, large.Reason, 413, stop).ConfigureAwait(false);

                case Verdict.Refused refused:
                    return await deadLetters.SetAsideAsync(slice, destination, refused.Reason, refused.Status, stop).ConfigureAwait(false);

                case Verdict.TryAgain again:
                    trouble = trouble.Again(time.GetUtcNow(), Volatile.Read(ref _deliveries));
                    Problem = again.Reason;
                    if (IsPoison(again, trouble))
                    {
                        return slice.Count > 1
                            ? await DeliverHalvesAsync(slice, destination, stop, abort).ConfigureAwait(false)
                            : await deadLetters.SetAsideAsync(slice, destination, again.Reason, again.Status, stop).ConfigureAwait(false);
                    }
                    if (!await WaitAsync(again, trouble.Tries, stop).ConfigureAwait(false))
                        return false;
                    break;

                case var unknown:
                    throw new InvalidOperationException($"a verdict nobody knows: {unknown}");
            }
        }
    }

    public void Dispose() => _places.Dispose();

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

    private void Delivered(EventSlice slice, Destination destination, Trouble trouble)
    {
        Interlocked.Increment(ref _deliveries);
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

    private async ValueTask<bool> DeliverHalvesAsync(EventSlice slice, Destination destination, CancellationToken stop, CancellationToken abort)
    {
        var (first, second) = Slices.Halve(slice);
        return await DeliverAsync(first, destination, stop, abort).ConfigureAwait(false)
            && await DeliverAsync(second, destination, stop, abort).ConfigureAwait(false);
    }

    private static bool IsPoison(Verdict.TryAgain again, in Trouble trouble) =>
        again.Status is 500 && trouble.Tries >= PoisonTries && trouble.Lasted >= PoisonTime && trouble.OthersDelivered > 0;

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

    /// <summary>The failed tries of one slice so far.</summary>
    private readonly record struct Trouble(int Tries, DateTimeOffset Since, TimeSpan Lasted, long DeliveriesBefore, long OthersDelivered)
    {
        public Trouble Again(DateTimeOffset now, long deliveries) => Tries == 0
            ? new Trouble(1, now, TimeSpan.Zero, deliveries, 0)
            : this with { Tries = Tries + 1, Lasted = now - Since, OthersDelivered = deliveries - DeliveriesBefore };
    }
}
