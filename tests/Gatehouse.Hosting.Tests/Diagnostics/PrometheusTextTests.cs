using System.Diagnostics.Metrics;
using Gatehouse.Hosting.Diagnostics;
using Xunit;

namespace Gatehouse.Hosting.Tests.Diagnostics;

public sealed class PrometheusTextTests : IDisposable
{
    private readonly Meter _meter = new("Gatehouse.Tests." + Guid.NewGuid());
    private readonly MetricsCollector _metrics;

    public PrometheusTextTests() => _metrics = new MetricsCollector(meter => meter == _meter);

    public void Dispose()
    {
        _metrics.Dispose();
        _meter.Dispose();
    }

    [Fact]
    public void A_counter_is_added_up_by_its_labels_in_a_fixed_order()
    {
        var counter = _meter.CreateCounter<long>("gatehouse.test.events.read", "{event}", "Events read");
        counter.Add(2, new("type", "user.login"), new("output", "audit"));
        counter.Add(1, new("type", "cert.create"), new("output", "audit"));
        counter.Add(3, new("output", "audit"), new("type", "user.login"));
        Assert.Equal(
            """
            # HELP gatehouse_test_events_read_total Events read
            # TYPE gatehouse_test_events_read_total counter
            gatehouse_test_events_read_total{output="audit",type="cert.create"} 1
            gatehouse_test_events_read_total{output="audit",type="user.login"} 5

            """,
            _metrics.Render());
    }

    [Fact]
    public void A_unit_becomes_a_suffix_once()
    {
        _meter.CreateCounter<long>("a.sent", "By").Add(1);
        _meter.CreateCounter<long>("b_bytes_total", "By").Add(1);
        _meter.CreateGauge<double>("c.lag", "s").Record(1.5);
        _meter.CreateUpDownCounter<int>("d.in_flight", "{request}").Add(4);
        _meter.CreateGauge<int>("9e").Record(1);
        var names = _metrics.Render().Split('\n').Where(line => line.Length > 0 && line[0] != '#');
        Assert.Equal(["_9e 1", "a_sent_bytes_total 1", "b_bytes_total 1", "c_lag_seconds 1.5", "d_in_flight 4"], names);
    }

    [Fact]
    public void What_others_wrote_into_a_label_is_escaped()
    {
        _meter.CreateCounter<int>("odd").Add(1, new KeyValuePair<string, object?>("the.type", "a\"b\\c\nd"));
        Assert.Contains("""odd_total{the_type="a\"b\\c\nd"} 1""", _metrics.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_histogram_has_cumulative_buckets_sum_and_count()
    {
        var histogram = _meter.CreateHistogram<double>(
            "wait", "s", "Waits", null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] });
        foreach (var value in new[] { 0.1, 0.5, 0.25, 30 })
            histogram.Record(value, new KeyValuePair<string, object?>("to", "x"));
        Assert.Equal(
            """
            # HELP wait_seconds Waits
            # TYPE wait_seconds histogram
            wait_seconds_bucket{to="x",le="0.1"} 1
            wait_seconds_bucket{to="x",le="1"} 3
            wait_seconds_bucket{to="x",le="+Inf"} 4
            wait_seconds_sum{to="x"} 30.85
            wait_seconds_count{to="x"} 4

            """,
            _metrics.Render());
    }

    [Fact]
    public void An_observed_value_is_asked_for_at_each_collection_and_goes_when_nobody_speaks_of_it()
    {
        var backlog = new Dictionary<string, int> { ["a"] = 1, ["b"] = 2 };
        _meter.CreateObservableGauge("backlog", () => backlog.Select(entry => new Measurement<int>(entry.Value, new KeyValuePair<string, object?>("queue", entry.Key))));
        _meter.CreateObservableCounter("total", () => backlog.Count);
        Assert.Contains("backlog{queue=\"a\"} 1\nbacklog{queue=\"b\"} 2\n", _metrics.Render(), StringComparison.Ordinal);
        backlog.Remove("a");
        var second = _metrics.Render();
        Assert.DoesNotContain("queue=\"a\"", second, StringComparison.Ordinal);
        Assert.Contains("total_total 1\n", second, StringComparison.Ordinal);
    }

    [Fact]
    public void Labels_from_outside_are_bounded_and_nothing_is_lost_from_the_sum()
    {
        var counter = _meter.CreateCounter<long>("events");
        for (var round = 0; round < 2; round++)
        {
            for (var type = 0; type < 2_000; type++)
                counter.Add(1, new KeyValuePair<string, object?>("type", $"invented-{type}"));
        }
        var lines = _metrics.Render().Split('\n').Where(line => line.StartsWith("events_total{", StringComparison.Ordinal)).ToList();
        Assert.Equal(MetricFamily.MaxSeries + 1, lines.Count);
        Assert.Contains("""events_total{type="other"} 3000""", lines);
        Assert.Equal(4_000, lines.Sum(line => int.Parse(line.Split(' ')[1], null)));
    }

    [Fact]
    public void A_part_made_anew_goes_on_counting_where_the_old_one_was()
    {
        _meter.CreateCounter<long>("again").Add(1);
        _meter.CreateCounter<long>("again").Add(2);
        Assert.Contains("again_total 3\n", _metrics.Render(), StringComparison.Ordinal);
    }

    [Fact]
    public void Counting_again_allocates_nothing()
    {
        var counter = _meter.CreateCounter<long>("hot");
        void Count()
        {
            for (var i = 0; i < 1_000; i++)
                counter.Add(1, new("type", "user.login"), new("output", "audit"));
        }
        Count();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Count();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
