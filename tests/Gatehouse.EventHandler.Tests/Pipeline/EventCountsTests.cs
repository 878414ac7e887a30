using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sources;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>Events read, sent, filtered and dead-lettered are told by type and output, all four alike.</summary>
public sealed class EventCountsTests
{
    [Fact]
    public void Each_count_says_the_type_and_the_output()
    {
        using var metrics = new PipelineMetrics(TimeProvider.System);
        using var counts = new EventCounts(metrics);
        using var batch = Some.Batch("user.login", "exec", "user.login");
        var filtered = new TypeTally();
        foreach (var type in (string[])["print", "resize", "print"])
            filtered.Add(type);

        metrics.BatchRead(new SourceBatch(batch, [], filtered));
        metrics.Delivered(new EventSlice(batch, 0, 2), Destination.Audit);
        metrics.Delivered(new EventSlice(batch, 2, 1), Destination.Session("s"));
        metrics.DeadLettered("exec", Destination.Audit);

        Assert.Equal(["exec audit 1", "user.login audit 2"], counts.Of("read"));
        Assert.Equal(["print audit 2", "resize audit 1"], counts.Of("filtered"));
        Assert.Equal(["exec audit 1", "user.login audit 1", "user.login session 1"], counts.Of("sent"));
        Assert.Equal(["exec audit 1"], counts.Of("dead_lettered"));
    }

    [Fact]
    public void A_filtered_event_of_a_known_type_allocates_nothing()
    {
        var tally = new TypeTally();
        tally.Add("user.login");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            tally.Add("user.login");
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(1001, tally.Total);
    }
}
