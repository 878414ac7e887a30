namespace Gatehouse.EventHandler.Outputs;

/// <summary>
/// How long to wait before the next try: a pure decision, apart from the loop that waits. Exponential backoff to a cap with full
/// jitter, so that many slices that failed together do not come back together; what the peer asked for is obeyed.
/// </summary>
public sealed class RetrySchedule
{
    /// <summary>
    /// Failed tries of one slice before it is worth a warning. One is everyday life (a kept connection that the peer was just closing).
    /// </summary>
    public const int WarnAfterTries = 2;

    /// <summary>While it goes on failing, say so again every so many tries: about every ten minutes at the cap.</summary>
    public const int RemindEveryTries = 40;

    private static readonly TimeSpan Base = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan Cap = TimeSpan.FromSeconds(30);

    /// <summary>Jitter may come out at nothing, and a peer in trouble is not helped by an immediate repetition.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);

    private readonly Func<double> _random;

    /// <param name="random">Uniform in [0, 1); null for the process's own.</param>
    public RetrySchedule(Func<double>? random = null) => _random = random ?? Random.Shared.NextDouble;

    /// <param name="tries">Failed tries so far, at least 1.</param>
    /// <param name="retryAfter">The wait the peer asked for; the pause is that long or up to <c>0.5 s</c> longer.</param>
    /// <returns>Between 50 ms and 30 s, unless the peer asked for more.</returns>
    public TimeSpan Next(int tries, TimeSpan? retryAfter = null)
    {
        if (retryAfter is { } asked && asked > TimeSpan.Zero)
            return asked + Base * _random();
        var ceiling = tries > 6 ? Cap : TimeSpan.FromTicks(Math.Min(Cap.Ticks, Base.Ticks << Math.Max(0, tries - 1)));
        return Least + (ceiling - Least) * _random();
    }
}
