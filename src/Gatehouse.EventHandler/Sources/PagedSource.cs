using System.Threading.Channels;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// Reads a cluster's audit log by searching it, for clusters without bulk export. Its place is a time and the events known at and
/// after it; the server's page keys are never kept, so nothing depends on a key that another server or another filter may not know.
/// </summary>
/// <remarks>
/// 1. A position taken over from upstream is turned into a time and the events known there.
/// 2. A forward scan reads from just before the newest event to now, and through a long quiet gap behind it only now and then.
/// 3. A sweep reads again what lies between the floor and the newest event, so that what appeared late is delivered too. When it is
///    through, the floor moves up to where the next sweep must begin: one late window behind what was newest when this one began.
/// 4. Caught up, it waits for the poll interval, or ends if the plan says so and a last sweep brought nothing.
/// </remarks>
internal sealed class PagedSource(
    PagedSearch search, ExportPlan plan, HandlerState state, ClusterContact contact, UndecodableEvent undecodable,
    TimeProvider time, SourceMetrics metrics, ILogger logger, int seenCapacity = SeenEvents.DefaultCapacity) : IEventSource
{
    /// <summary>Sweeps mostly see what they know; larger pages than the user's make them cheap.</summary>
    private const int SweepLimit = 500;

    /// <summary>So many new events call for a sweep before its time, which bounds what must be remembered while catching up fast.</summary>
    private const int SweepAfterEvents = 100_000;

    /// <summary>What is out of order by milliseconds counts as late even when the user wants no late window.</summary>
    private readonly TimeSpan _lateWindow = plan.LateWindow > WindowScan.Overlap ? plan.LateWindow : WindowScan.Overlap;

    private long _sweptAt = time.GetTimestamp();
    private int _unseenSinceSweep;
    private long _gapScannedAt = time.GetTimestamp();
    private DateTime _scannedTo;

    public async Task RunAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        // 1.
        var place = await new PositionFinder(search, plan, state, time, logger).FindAsync(batches, cancellation);
        var seen = new SeenEvents(place.Floor, place.Known, seenCapacity);
        var taker = new PageTaker(plan, seen, place.Newest, undecodable, batches, metrics, logger);
        var scan = new WindowScan(
            (from, to, limit, key, token) => search.PageAsync(plan.Types, from, to, limit, key, token), plan.WindowSize, logger);

        // The first scan begins at the floor, so events that were late while nobody looked are in it.
        for (var from = seen.Floor; ; from = NextBeginning(taker.Newest, seen.Floor))
        {
            // 2.
            var now = time.GetUtcNow().UtcDateTime;
            taker.NewestPossible = now > from ? now : from;
            await scan.RunAsync(from, taker.NewestPossible, plan.Batch, async (page, token) =>
            {
                var outcome = await taker.TakeAsync(page, token);
                _unseenSinceSweep += outcome.Unseen;
                if (_unseenSinceSweep >= SweepAfterEvents || SweepIsDue)
                    await SweepAsync(scan, taker, seen, token);
                return outcome;
            }, cancellation);

            _scannedTo = taker.NewestPossible;

            // 4.
            var found = SweepIsDue || plan.ExitOnLastEvent ? await SweepAsync(scan, taker, seen, cancellation) : 0;
            if (plan.ExitOnLastEvent)
            {
                if (found > 0)
                    continue;
                Log.AllProcessed(logger);
                return;
            }
            Log.NoNewEvents(logger, from, taker.NewestPossible);
            await contact.WaitAsync(plan.Timeout, cancellation);
        }
    }

    /// <summary>
    /// Just before the newest event. When that is long ago, a poll looks back no further than the late window, and the whole gap is
    /// looked through ever more rarely: what turns up in it is delayed by as much as the gap is long, and waits a hundredth more.
    /// </summary>
    private DateTime NextBeginning(DateTime newest, DateTime floor)
    {
        var justBefore = Later(Earlier(newest, WindowScan.Overlap), floor);
        var recent = Earlier(_scannedTo, _lateWindow);
        if (recent <= justBefore)
            return justBefore;
        var pause = (_scannedTo - newest) / 100;
        if (time.GetElapsedTime(_gapScannedAt) < (pause > SweepInterval ? pause : SweepInterval))
            return recent;
        _gapScannedAt = time.GetTimestamp();
        return justBefore;
    }

    private bool SweepIsDue => time.GetElapsedTime(_sweptAt) >= SweepInterval;

    /// <summary>How long a late event may wait for a sweep: half the window, no more than a minute, and not so often that it costs.</summary>
    private TimeSpan SweepInterval =>
        TimeSpan.FromSeconds(Math.Clamp(_lateWindow.TotalSeconds / 2, 5, 60));

    /// <returns>Events that were new.</returns>
    private async Task<int> SweepAsync(WindowScan scan, PageTaker taker, SeenEvents seen, CancellationToken cancellation)
    {
        // 3.
        var newestAtStart = taker.Newest;
        var found = 0;
        await scan.RunAsync(seen.Floor, newestAtStart, Math.Max(plan.Batch, SweepLimit), async (page, token) =>
        {
            var outcome = await taker.TakeAsync(page, token);
            found += outcome.Unseen;
            return outcome;
        }, cancellation);
        if (found > 0)
        {
            metrics.Late(found);
            Log.LateEvents(logger, found);
        }
        seen.RaiseFloor(Earlier(newestAtStart, _lateWindow));
        await taker.HandOverFloorAsync(cancellation);
        _sweptAt = time.GetTimestamp();
        _unseenSinceSweep = 0;
        return found;
    }

    private static DateTime Earlier(DateTime moment, TimeSpan by) => moment.Ticks > by.Ticks ? moment - by : DateTime.MinValue;

    private static DateTime Later(DateTime one, DateTime other) => one > other ? one : other;
}
