namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// How long to wait before the cluster is asked again: doubling from one second to thirty, half of each wait random, so that a fleet
/// of handlers does not come back in step. A pure decision; whoever asks does the waiting.
/// </summary>
/// <param name="random">Gives values in [0, 1).</param>
internal sealed class Backoff(Func<double> random)
{
    internal static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    internal static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public int Failures { get; private set; }

    /// <summary>Counts one more failure and says how long to wait after it.</summary>
    public TimeSpan Next()
    {
        // 2^5 seconds is past the longest wait already; the bound keeps the shift from running over.
        var full = Math.Min(Shortest.Ticks << Math.Min(Failures, 5), Longest.Ticks);
        Failures++;
        return TimeSpan.FromTicks((long)(full * (0.5 + random() / 2)));
    }

    public void Reset() => Failures = 0;
}
