using Gatehouse.Cluster.AuditLog;
using Gatehouse.Cluster.Storage;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>A disk that refuses one fsync: no acknowledged event is lost or kept back, no refused one appears.</summary>
public sealed class FailedSyncTests
{
    private const int SegmentSealed = 4013;
    private static readonly DateOnly Day = new(2026, 11, 21);
    private bool _refuse;

    [Fact]
    public async Task Acknowledged_events_of_a_broken_segment_are_exported_at_the_next_tick()
    {
        using var folder = new TemporaryFolder();
        using var logged = new LoggedLines(LogLevel.Debug);
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 21, 0, 1, 0, TimeSpan.Zero));
        var options = Options();
        await using (var log = EventLog.Open(DataDirectory.Open(folder["data"]), options, time, logged))
        {
            await log.AppendAsync(Some.Event("e0", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
            await RefuseAsync(log, "e1");
            Assert.Equal(["e0"], Some.Ids(log, Some.Search()));
            Assert.Empty(await Some.ExportAsync(log, Day));

            time.Advance(options.Tick);
            await logged.Seen(SegmentSealed);
            Assert.Equal(["e0"], (await Some.ExportAsync(log, Day)).Select(e => e.Id));

            await log.AppendAsync(Some.Event("e2", "2026-11-21T00:00:02Z"), TestContext.Current.CancellationToken);
            Assert.Equal(["e0", "e2"], Some.Ids(log, Some.Search()));
        }
        await using var again = Some.Log(folder["data"]);
        Assert.Equal(["e0", "e2"], (await Some.ExportAsync(again, Day)).Select(e => e.Id));
    }

    [Fact]
    public async Task A_segment_whose_first_fsync_failed_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        await using (var log = Some.Log(folder["data"], options: Options()))
        {
            await RefuseAsync(log, "e0");
            await log.SealAsync(TestContext.Current.CancellationToken);
            Assert.Empty(log.Segments(Day));
        }
        Assert.Empty(Directory.GetFiles(folder["data", "log", "2026-11-21"]));
    }

    private EventLogOptions Options() => new()
    {
        SealAfter = TimeSpan.FromHours(1),
        Sync = file =>
        {
            if (_refuse)
                throw new IOException("Input/output error");
            file.Flush(flushToDisk: true);
        },
    };

    private async Task RefuseAsync(EventLog log, string id)
    {
        _refuse = true;
        await Assert.ThrowsAsync<IOException>(() => log.AppendAsync(Some.Event(id, "2026-11-21T00:00:01Z"), TestContext.Current.CancellationToken));
        _refuse = false;
    }
}
