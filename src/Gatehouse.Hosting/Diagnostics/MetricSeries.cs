namespace Gatehouse.Hosting.Diagnostics;

/// <summary>One line of a metric, or one set of lines of a histogram: the labels it goes by and what was measured. Guarded by its family.</summary>
internal sealed class MetricSeries
{
    private readonly KeyValuePair<string, object?>[] _tags;

    /// <param name="tags">As the instrument gave them; recognises the next measurement of the same kind.</param>
    /// <param name="labels">Inside of the braces, escaped and sorted; empty when there are none.</param>
    /// <param name="buckets">Upper bounds of a histogram, else empty.</param>
    public MetricSeries(ReadOnlySpan<KeyValuePair<string, object?>> tags, string labels, IReadOnlyList<double> buckets)
    {
        _tags = tags.ToArray();
        Labels = labels;
        Buckets = new long[buckets.Count];
    }

    public string Labels { get; }

    /// <summary>The counter or gauge; the sum of a histogram.</summary>
    public double Value { get; private set; }

    /// <summary>Measurements of a histogram.</summary>
    public long Count { get; private set; }

    /// <summary>Measurements by the first bound they do not exceed; not cumulative.</summary>
    public long[] Buckets { get; }

    /// <summary>Not measured since the last collection: an observable instrument no longer speaks of it.</summary>
    public bool Stale { get; set; }

    public bool Is(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        if (tags.Length != _tags.Length)
            return false;
        for (var i = 0; i < tags.Length; i++)
        {
            if (tags[i].Key != _tags[i].Key || !Equals(tags[i].Value, _tags[i].Value))
                return false;
        }
        return true;
    }

    public void Add(double value) => Value += value;

    public void Set(double value) => (Value, Stale) = (value, false);

    public void Observe(double value, IReadOnlyList<double> bounds)
    {
        Value += value;
        Count++;
        for (var i = 0; i < bounds.Count; i++)
        {
            if (value <= bounds[i])
            {
                Buckets[i]++;
                return;
            }
        }
    }
}
