using System.Diagnostics.Metrics;

namespace Gatehouse.Hosting.Diagnostics;

/// <summary>
/// Listens to this process' meters and renders them for Prometheus. Counts from the moment it is made, so make it before what it is to
/// count. Instruments of one name (a part that was made anew on a reload) share their lines.
/// </summary>
public sealed class MetricsCollector : IDisposable
{
    /// <summary>For durations in seconds: from a fast receiver on the same machine to one that times out.</summary>
    private static readonly double[] DefaultBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

    private readonly MeterListener _listener = new();
    private readonly SortedDictionary<string, MetricFamily> _families = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();

    /// <summary>Our own meters, and what the runtime tells of itself (memory, garbage collection, CPU).</summary>
    public MetricsCollector()
        : this(meter => meter.Name.StartsWith("Gatehouse", StringComparison.Ordinal) || meter.Name == "System.Runtime")
    {
    }

    internal MetricsCollector(Func<Meter, bool> wanted)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (wanted(instrument.Meter))
                listener.EnableMeasurementEvents(instrument, FamilyOf(instrument));
        };
        Listen<byte>(value => value);
        Listen<short>(value => value);
        Listen<int>(value => value);
        Listen<long>(value => value);
        Listen<float>(value => value);
        Listen<double>(value => value);
        Listen<decimal>(value => (double)value);
        _listener.Start();
    }

    /// <summary>The metrics of all instruments there are, measured or not, in order of names: what the reference page and the alert rules are held against.</summary>
    public IReadOnlyList<MetricDescription> Describe() =>
        [.. Families().Select(family => new MetricDescription(family.Name, PrometheusText.TypeName(family.Kind), family.Help))];

    /// <summary>Every metric that was measured, in order of names and labels.</summary>
    public string Render()
    {
        // One at a time: a collection marks and renews.
        lock (_gate)
        {
            var families = Families();
            foreach (var family in families)
                family.ExpectAll();
            _listener.RecordObservableInstruments();
            var text = new PrometheusText();
            foreach (var family in Families())
                family.Write(text);
            return text.ToString();
        }
    }

    public void Dispose() => _listener.Dispose();

    private MetricFamily[] Families()
    {
        lock (_families)
            return [.. _families.Values];
    }

    private void Listen<T>(Func<T, double> number)
        where T : struct =>
        _listener.SetMeasurementEventCallback<T>((_, value, tags, family) => ((MetricFamily)family!).Record(number(value), tags));

    private MetricFamily FamilyOf(Instrument instrument)
    {
        var kind = Kind(instrument);
        var name = PrometheusText.MetricName(instrument.Name, instrument.Unit, kind);
        lock (_families)
        {
            if (_families.TryGetValue(name, out var known) && known.Kind == kind)
                return known;
            return _families[name] = new MetricFamily(name, instrument.Description ?? "", kind, Bounds(instrument, kind));
        }
    }

    private static MetricKind Kind(Instrument instrument)
    {
        var type = instrument.GetType();
        var name = type.IsGenericType ? type.GetGenericTypeDefinition() : type;
        if (name == typeof(Counter<>))
            return MetricKind.Counter;
        if (name == typeof(UpDownCounter<>))
            return MetricKind.UpDownCounter;
        if (name == typeof(Histogram<>))
            return MetricKind.Histogram;
        if (name == typeof(ObservableCounter<>))
            return MetricKind.ObservedCounter;
        return instrument.IsObservable ? MetricKind.ObservedGauge : MetricKind.Gauge;
    }

    private static IReadOnlyList<double> Bounds(Instrument instrument, MetricKind kind)
    {
        if (kind != MetricKind.Histogram)
            return [];
        return instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } advised } => advised,
            Histogram<long> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(bound => (double)bound)],
            Histogram<int> { Advice.HistogramBucketBoundaries: { } advised } => [.. advised.Select(bound => (double)bound)],
            _ => DefaultBounds,
        };
    }
}

/// <param name="Name">As Prometheus sees it.</param>
/// <param name="Type">counter, gauge or histogram.</param>
/// <param name="Help">What is measured.</param>
public sealed record MetricDescription(string Name, string Type, string Help);
