namespace Gatehouse.Torture;

/// <summary>Chance that follows from a seed alone (SplitMix64), the same on every machine and runtime. For any number of callers.</summary>
internal sealed class Dice(ulong seed)
{
    private readonly ulong _seed = seed;
    private ulong _state = seed;

    /// <summary>Dice of their own for one purpose, so that more throws here do not change what falls there.</summary>
    public Dice Fork(string purpose)
    {
        var hash = 14695981039346656037UL;
        foreach (var c in purpose)
            hash = (hash ^ c) * 1099511628211UL;
        return new Dice(Mix(_seed ^ hash));
    }

    public ulong Next() => Mix(Interlocked.Add(ref _state, 0x9E3779B97F4A7C15UL));

    /// <summary>In [0, <paramref name="end"/>).</summary>
    public int Below(int end) => (int)(Next() % (ulong)end);

    /// <summary>In [<paramref name="low"/>, <paramref name="high"/>].</summary>
    public int Between(int low, int high) => low + Below(high - low + 1);

    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    public bool Chance(double probability) => Unit() < probability;

    public T Pick<T>(params ReadOnlySpan<T> of) => of[Below(of.Length)];

    public TimeSpan Span(double leastSeconds, double mostSeconds) => TimeSpan.FromSeconds(leastSeconds + Unit() * (mostSeconds - leastSeconds));

    public void Shuffle<T>(IList<T> items)
    {
        for (var i = items.Count - 1; i > 0; i--)
        {
            var j = Below(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    public Guid Uuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        BitConverter.TryWriteBytes(bytes, Next());
        BitConverter.TryWriteBytes(bytes[8..], Next());
        return new Guid(bytes);
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
