using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;

namespace Gatehouse.Hosting.Diagnostics;

internal enum MetricKind
{
    /// <summary>Measurements are added up.</summary>
    Counter,

    /// <summary>The measurement is the total.</summary>
    ObservedCounter,

    /// <summary>Measurements are added up, and some are negative.</summary>
    UpDownCounter,

    /// <summary>The last measurement counts.</summary>
    Gauge,

    /// <summary>The last measurement counts, until a collection does not renew it.</summary>
    ObservedGauge,

    Histogram,
}

/// <summary>All lines under one metric name.</summary>
/// <remarks>Recording allocates only when a combination of labels is new.</remarks>
internal sealed class MetricFamily(string name, string help, MetricKind kind, IReadOnlyList<double> bounds)
{
    /// <summary>
    /// Labels come from outside (event types), and a scraper keeps every combination for weeks. Real clusters have some hundred types;
    /// whatever exceeds this is counted together under the value "other".
    /// </summary>
    public const int MaxSeries = 500;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, List<MetricSeries>> _byHash = [];
    private readonly SortedDictionary<string, MetricSeries> _byLabels = new(StringComparer.Ordinal);

    public string Name { get; } = name;

    public string Help { get; } = help;

    public MetricKind Kind { get; } = kind;

    public IReadOnlyList<double> Bounds { get; } = bounds;

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_gate)
        {
            var series = Find(tags);
            switch (Kind)
            {
                case MetricKind.Counter or MetricKind.UpDownCounter:
                    series.Add(value);
                    break;
                case MetricKind.Histogram:
                    series.Observe(value, Bounds);
                    break;
                default:
                    series.Set(value);
                    break;
            }
        }
    }

    /// <summary>Before a collection: what the instruments do not mention again is gone.</summary>
    public void ExpectAll()
    {
        if (Kind is not (MetricKind.ObservedGauge or MetricKind.ObservedCounter))
            return;
        lock (_gate)
        {
            foreach (var series in _byLabels.Values)
                series.Stale = true;
        }
    }

    public void Write(PrometheusText text)
    {
        lock (_gate)
        {
            if (_byLabels.Values.All(series => series.Stale))
                return;
            text.Head(this);
            foreach (var series in _byLabels.Values)
            {
                if (!series.Stale)
                    text.Series(this, series);
            }
        }
    }

    private MetricSeries Find(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = Hash(tags);
        if (_byHash.TryGetValue(hash, out var sameHash))
        {
            foreach (var series in sameHash)
            {
                if (series.Is(tags))
                    return series;
            }
        }

        var labels = Labels(tags, value: null);
        if (!_byLabels.ContainsKey(labels) && _byLabels.Count >= MaxSeries)
            return Overflow(Labels(tags, value: "other"));
        if (!_byLabels.TryGetValue(labels, out var found))
            _byLabels[labels] = found = new MetricSeries(tags, labels, Bounds);
        // The same labels in another order are the same line; they are only looked up the slow way.
        if (found.Is(tags))
        {
            if (sameHash is null)
                _byHash[hash] = sameHash = [];
            sameHash.Add(found);
        }
        return found;
    }

    /// <summary>Not entered by its tags, so that the tables stay bounded.</summary>
    private MetricSeries Overflow(string labels)
    {
        if (!_byLabels.TryGetValue(labels, out var other))
            _byLabels[labels] = other = new MetricSeries([], labels, Bounds);
        return other;
    }

    private static int Hash(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var hash = new HashCode();
        foreach (var (key, value) in tags)
        {
            hash.Add(key);
            hash.Add(value);
        }
        return hash.ToHashCode();
    }

    private static string Labels(ReadOnlySpan<KeyValuePair<string, object?>> tags, string? value)
    {
        if (tags.IsEmpty)
            return "";
        var sorted = tags.ToArray();
        Array.Sort(sorted, (a, b) => string.CompareOrdinal(a.Key, b.Key));
        var text = new StringBuilder();
        foreach (var (key, given) in sorted)
        {
            if (text.Length > 0)
                text.Append(',');
            text.Append(PrometheusText.LabelName(key)).Append("=\"");
            PrometheusText.Escape(text, value ?? Convert.ToString(given, CultureInfo.InvariantCulture) ?? "", quotes: true);
            text.Append('"');
        }
        return text.ToString();
    }
}
