using Gatehouse.EventHandler.Outputs;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// The audit log, which has no order to keep. What is refused is held beside the others: these go on, and show whether the receiver
/// takes anything at all. The window of bytes under way bounds what can be held.
/// </summary>
internal sealed partial class Courier
{
    private int _held;
    private int _heldTries;

    /// <summary>Events that wait for a sign whether they or the receiver are at fault.</summary>
    public int Held => Volatile.Read(ref _held);

    /// <param name="owner">
    /// Gets whatever goes on after the return, the moment it begins: should the rest of the slice fail, somebody still waits for the part
    /// that uses its bytes. Closed by the caller not before the return.
    /// </param>
    /// <param name="stop">No further try after the current one.</param>
    /// <param name="abort">Not even that.</param>
    public async ValueTask<Delivery> DeliverAsync(EventSlice slice, GrowingGroup owner, CancellationToken stop, CancellationToken abort)
    {
        switch (await SendAsync(slice, Destination.Audit, _audit, stop, abort).ConfigureAwait(false))
        {
            case Verdict.Delivered:
                return Delivery.Done;
            case Verdict.TooLarge tooLarge when slice.Count == 1:
                return Delivery.Of(await deadLetters.SetAsideAsync(slice, Destination.Audit, tooLarge.Reason, 413, stop).ConfigureAwait(false));
            case Verdict.TooLarge:
                var (first, second) = Slices.Halve(slice);
                var delivery = await DeliverAsync(first, owner, stop, abort).ConfigureAwait(false);
                return delivery.And(await DeliverAsync(second, owner, stop, abort).ConfigureAwait(false));
            case Verdict.Refused refused:
                var refusal = _audit.Refuse();
                var held = SettleRefusedAsync(slice, refusal, refused, slice.Count == 1, owner, stop, abort);
                owner.Add(held);
                return new Delivery(Settled: false, held);
            case null:
                return Delivery.Stopped;
            case var unknown:
                throw new InvalidOperationException($"a verdict nobody knows: {unknown}");
        }
    }

    /// <param name="whole">It was refused as one request; a part of a refused request needs more to be believed.</param>
    private async Task<bool> SettleRefusedAsync(
        EventSlice slice, Refusal refusal, Verdict.Refused refused, bool whole, GrowingGroup owner, CancellationToken stop, CancellationToken abort)
    {
        if (slice.Count > 1)
            return await SettlePartsAsync(slice, refusal, owner, stop, abort).ConfigureAwait(false);
        Interlocked.Increment(ref _held);
        try
        {
            for (var tries = 1; !IsBelieved(_audit, refusal, tries, whole); tries++)
            {
                if (!await HoldAsync(refusal, refused, tries, stop).ConfigureAwait(false))
                    return false;
                switch (await SendAsync(slice, Destination.Audit, _audit, stop, abort).ConfigureAwait(false))
                {
                    case Verdict.Refused again:
                        refused = again;
                        break;
                    case Verdict.TooLarge tooLarge:
                        return await deadLetters.SetAsideAsync(slice, Destination.Audit, tooLarge.Reason, 413, stop).ConfigureAwait(false);
                    case var verdict:
                        return verdict is not null;
                }
            }
        }
        finally
        {
            Interlocked.Decrement(ref _held);
        }
        return await deadLetters.SetAsideAsync(slice, Destination.Audit, refused.Reason, refused.Status, stop).ConfigureAwait(false);
    }

    /// <summary>Side by side: a half that is held must not keep the other from showing whether the receiver takes anything at all.</summary>
    private async Task<bool> SettlePartsAsync(EventSlice slice, Refusal refusal, GrowingGroup owner, CancellationToken stop, CancellationToken abort)
    {
        var (first, second) = Slices.Halve(slice);
        Task<bool>[] parts = [SettlePartAsync(first, refusal, owner, stop, abort), SettlePartAsync(second, refusal, owner, stop, abort)];
        // A failure of one half ends the group, and with it the other, which may be held for as long as the receiver likes.
        foreach (var part in parts)
            owner.Add(part);
        return (await Task.WhenAll(parts).ConfigureAwait(false)).All(settled => settled);
    }

    private async Task<bool> SettlePartAsync(EventSlice part, Refusal refusal, GrowingGroup owner, CancellationToken stop, CancellationToken abort) =>
        await SendAsync(part, Destination.Audit, _audit, stop, abort).ConfigureAwait(false) switch
        {
            null => false,
            Verdict.Refused refused => await SettleRefusedAsync(part, refusal, refused, whole: false, owner, stop, abort).ConfigureAwait(false),
            Verdict.TooLarge when part.Count > 1 => await SettlePartsAsync(part, refusal, owner, stop, abort).ConfigureAwait(false),
            Verdict.TooLarge tooLarge => await deadLetters.SetAsideAsync(part, Destination.Audit, tooLarge.Reason, 413, stop).ConfigureAwait(false),
            _ => true,
        };

    /// <summary>
    /// A delivery after the refusal proves it. When nothing follows, a single event that came out of a run of deliveries and was refused
    /// twice, nothing else meanwhile, is believed as well; a larger request never is: its events were all fine a moment ago.
    /// </summary>
    private static bool IsBelieved(Door door, Refusal refusal, int refusals, bool whole) =>
        door.IsProven(refusal) || whole && refusals > 1 && door.StandsAlone(refusal);

    /// <summary>Waits for the proof, or for the moment to ask again. All that is held asks no more often than one slice alone would.</summary>
    /// <returns>False when told to stop.</returns>
    private async ValueTask<bool> HoldAsync(Refusal refusal, Verdict.Refused refused, int tries, CancellationToken stop)
    {
        var pause = Pause(schedule.Next(tries), Held);
        TellHeld(_audit, refused, tries, Held);
        var proof = _audit.ProofOf(refusal);
        await proof.WaitAsync(pause, time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _audit.Forget(proof);
        return !stop.IsCancellationRequested;
    }

    private static TimeSpan Pause(TimeSpan one, int held) =>
        TimeSpan.FromTicks(Math.Min(TimeSpan.TicksPerHour, one.Ticks * Math.Max(1, held)));

    /// <summary>Worth a word when it was not proven by the second refusal: until then others usually are.</summary>
    private void TellHeld(Door door, Verdict.Refused refused, int tries, int held)
    {
        metrics.Retried();
        Log.ErrorSendingEvent(log, refused.Reason, tries);
        if (tries < RetrySchedule.WarnAfterTries)
            return;
        var isNews = door.Problem is null;
        door.Problem = refused.Reason;
        if (isNews || Interlocked.Increment(ref _heldTries) % RetrySchedule.RemindEveryTries == 0)
            Log.RefusedEventsHeld(log, refused.Reason, held);
    }
}
