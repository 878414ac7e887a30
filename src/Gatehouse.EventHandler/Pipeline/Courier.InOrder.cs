using System.Collections.Concurrent;
using Gatehouse.EventHandler.Outputs;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// A recording, whose events stay in order: one request after the other. Behind an event that is refused the next ones are tried; when
/// one of them is taken, the refused one is a dead letter and is not tried again, so it cannot come late.
/// </summary>
internal sealed partial class Courier
{
    /// <summary>Refused in a row before it is enough: a receiver that refuses everything should not be asked with all there is.</summary>
    internal const int MostHeldInOrder = 32;

    /// <summary>How often the first refused event is tried before the recording makes room for others: some eight seconds.</summary>
    internal const int TriesInOrder = 5;

    /// <summary>Recordings whose refusals are remembered: a bound for a receiver that refuses all of them, and more than are tried in a minute.</summary>
    private const int MostRemembered = 1000;

    /// <summary>What was held of recordings that made room, by event index: if others are taken until they are back, that proves it.</summary>
    private readonly ConcurrentDictionary<string, Dictionary<long, Refusal>> _refusedBefore = new();

    /// <param name="slices">Of one batch.</param>
    /// <param name="destination">The recording.</param>
    /// <param name="settled">Gets the index in the batch before which everything is settled, each time it has moved.</param>
    /// <param name="stop">No further try after the current one.</param>
    /// <param name="abort">Not even that.</param>
    public async ValueTask<OrderedDelivery> DeliverInOrderAsync(
        IReadOnlyList<EventSlice> slices, Destination destination, Action<int> settled, CancellationToken stop, CancellationToken abort)
    {
        var ahead = new Stack<OrderedPart>(slices.Reverse().Select(slice => new OrderedPart(slice)));
        var held = new List<OrderedPart>();
        _refusedBefore.TryRemove(destination.SessionId!, out var before);
        var tries = 0;
        while (true)
        {
            var heldFrom = held.Count == 0 ? -1 : held[0].Slice.Start;
            if (!await SendAllAsync(ahead, held, before, destination, settled, stop, abort).ConfigureAwait(false))
                return OrderedDelivery.Stopped;
            if (held.Count == 0)
                return OrderedDelivery.Settled;
            tries = held[0].Slice.Start == heldFrom ? tries + 1 : 1;
            if (tries > TriesInOrder)
            {
                Remember(held, destination);
                return OrderedDelivery.Held(held[0].Refused!.Reason);
            }
            TellHeld(_sessions, held[0].Refused!, tries, held.Count);
            var proof = _sessions.ProofOf(held[0].Refusal);
            await proof.WaitAsync(schedule.Next(tries), time, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _sessions.Forget(proof);
            if (!await SendFirstAgainAsync(ahead, held, destination, settled, stop, abort).ConfigureAwait(false))
                return OrderedDelivery.Stopped;
        }
    }

    /// <summary>The first that is held decides: when it is settled, those behind it get their turn again.</summary>
    /// <returns>False when told to stop.</returns>
    private async ValueTask<bool> SendFirstAgainAsync(
        Stack<OrderedPart> ahead, List<OrderedPart> held, Destination destination, Action<int> settled, CancellationToken stop, CancellationToken abort)
    {
        var first = held[0];
        switch (await SendAsync(first.Slice, destination, _sessions, stop, abort).ConfigureAwait(false))
        {
            case null:
                return false;
            case Verdict.Refused refused:
                held[0] = first = first with { Refused = refused };
                if (!IsBelieved(_sessions, first.Refusal, 2, first.IsWhole && held.Count == 1))
                    return true;
                if (!await SetAsideAsync(first, destination, stop).ConfigureAwait(false))
                    return false;
                break;
            case Verdict.TooLarge tooLarge:
                if (!await deadLetters.SetAsideAsync(first.Slice, destination, tooLarge.Reason, 413, stop).ConfigureAwait(false))
                    return false;
                break;
        }
        settled(first.Slice.Start + 1);
        for (var i = held.Count - 1; i > 0; i--)
            ahead.Push(held[i]);
        held.Clear();
        return true;
    }

    /// <returns>False when told to stop. Otherwise all is settled but what is held.</returns>
    private async ValueTask<bool> SendAllAsync(
        Stack<OrderedPart> ahead, List<OrderedPart> held, Dictionary<long, Refusal>? before, Destination destination, Action<int> settled,
        CancellationToken stop, CancellationToken abort)
    {
        while (held.Count < MostHeldInOrder && ahead.TryPop(out var part))
        {
            var slice = part.Slice;
            switch (await SendAsync(slice, destination, _sessions, stop, abort).ConfigureAwait(false))
            {
                case null:
                    return false;

                case Verdict.Delivered:
                    if (!await SetAsideAsync(held, destination, stop).ConfigureAwait(false))
                        return false;
                    settled(slice.Start + slice.Count);
                    break;

                case Verdict.TooLarge tooLarge when slice.Count == 1:
                    if (!await deadLetters.SetAsideAsync(slice, destination, tooLarge.Reason, 413, stop).ConfigureAwait(false))
                        return false;
                    if (held.Count == 0)
                        settled(slice.Start + 1);
                    break;

                case Verdict.Refused refused:
                    part = part with { Refused = refused, Refusal = RefusedBefore(slice, before) ?? (part.WasRefused ? part.Refusal : _sessions.Refuse()) };
                    if (slice.Count > 1)
                    {
                        PushHalves(ahead, part);
                        break;
                    }
                    held.Add(part);
                    if (!_sessions.IsProven(part.Refusal))
                        break;
                    if (!await SetAsideAsync(held, destination, stop).ConfigureAwait(false))
                        return false;
                    settled(slice.Start + 1);
                    break;

                case Verdict.TooLarge:
                    PushHalves(ahead, part);
                    break;
            }
        }
        return true;
    }

    /// <summary>An event is known again by itself, whether it comes as a request of its own or is what a refused one has come down to.</summary>
    private static Refusal? RefusedBefore(EventSlice slice, Dictionary<long, Refusal>? before) =>
        slice.Count == 1 && before is not null && before.Remove(slice.Batch[slice.Start].Index, out var refusal) ? refusal : null;

    private void Remember(List<OrderedPart> held, Destination destination)
    {
        if (_refusedBefore.Count < MostRemembered)
            _refusedBefore[destination.SessionId!] = held.DistinctBy(IndexOf).ToDictionary(IndexOf, part => part.Refusal);

        static long IndexOf(OrderedPart part) => part.Slice.Batch[part.Slice.Start].Index;
    }

    private static void PushHalves(Stack<OrderedPart> ahead, OrderedPart part)
    {
        // A part of a refused request inherits the refusal: what is delivered of that request proves it.
        var (first, second) = Slices.Halve(part.Slice);
        var isWhole = part.IsWhole && !part.WasRefused;
        ahead.Push(part with { Slice = second, IsWhole = isWhole });
        ahead.Push(part with { Slice = first, IsWhole = isWhole });
    }

    private async ValueTask<bool> SetAsideAsync(List<OrderedPart> held, Destination destination, CancellationToken stop)
    {
        foreach (var part in held)
        {
            if (!await SetAsideAsync(part, destination, stop).ConfigureAwait(false))
                return false;
        }
        held.Clear();
        return true;
    }

    private ValueTask<bool> SetAsideAsync(OrderedPart part, Destination destination, CancellationToken stop) =>
        deadLetters.SetAsideAsync(part.Slice, destination, part.Refused!.Reason, part.Refused.Status, stop);

    /// <param name="IsWhole">Not a part of a request that was refused.</param>
    /// <param name="Refused">What the receiver last said to it, or to the request it was a part of; null as long as that was not a refusal.</param>
    private sealed record OrderedPart(EventSlice Slice, bool IsWhole = true, Refusal Refusal = default, Verdict.Refused? Refused = null)
    {
        public bool WasRefused => Refused is not null;
    }
}

/// <summary>What became of a run of a recording's slices.</summary>
/// <param name="IsSettled">Every event of it is delivered or a dead letter.</param>
/// <param name="HeldBecause">
/// The receiver refuses an event and took nothing after it: why. Null when told to stop.
/// </param>
internal readonly record struct OrderedDelivery(bool IsSettled, string? HeldBecause)
{
    public static readonly OrderedDelivery Settled = new(true, null);

    public static readonly OrderedDelivery Stopped = new(false, null);

    public static OrderedDelivery Held(string reason) => new(false, reason);
}
