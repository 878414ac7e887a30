namespace Gatehouse.EventHandler.Pipeline;

/// <summary>What became of a slice of the audit log.</summary>
/// <param name="Settled">Every event of it is delivered or a dead letter.</param>
/// <param name="Held">
/// The receiver refuses some of it, and nothing shows yet whether the events are at fault or the receiver. The task ends when that is
/// settled (true) or cannot be any more because of a stop (false); nobody who has other slices to deliver should wait for it.
/// </param>
internal readonly record struct Delivery(bool Settled, Task<bool>? Held = null)
{
    public static readonly Delivery Done = new(Settled: true);

    public static readonly Delivery Stopped = new(Settled: false);

    public static Delivery Of(bool settled) => new(settled);

    /// <summary>Both together. A stop in one of them is one of the whole.</summary>
    public Delivery And(Delivery other) => (Held, other.Held) switch
    {
        (null, null) => Of(Settled && other.Settled),
        ({ } one, null) => new(Settled: false, AndAsync(one, Task.FromResult(other.Settled))),
        (null, { } two) => new(Settled: false, AndAsync(Task.FromResult(Settled), two)),
        ({ } one, { } two) => new(Settled: false, AndAsync(one, two)),
    };

    private static async Task<bool> AndAsync(Task<bool> one, Task<bool> two) =>
        (await Task.WhenAll(one, two).ConfigureAwait(false)).All(settled => settled);
}
