using System.Collections.Immutable;
using System.Threading.Channels;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Takes what is new on a page, filters it and hands it to the pipeline, one batch a page.</summary>
internal sealed class PageTaker(
    ExportPlan plan, SeenEvents seen, DateTime newest, UndecodableEvent undecodable,
    ChannelWriter<SourceBatch> batches, SourceMetrics metrics, ILogger logger)
{
    private readonly EventFilter _filter = new(plan.Types, plan.SkipEventTypes, DateTime.MinValue);
    private DateTime _floorHandedOver = seen.Floor;

    /// <summary>Newest event time seen, UTC.</summary>
    public DateTime Newest { get; private set; } = newest;

    /// <summary>End of the running scan: an event that claims to be newer must not pull the place into the future.</summary>
    public DateTime NewestPossible { get; set; } = DateTime.MaxValue;

    public async ValueTask<PageOutcome> TakeAsync(EventPage page, CancellationToken cancellation)
    {
        var events = new EventBatch(CapacityFor(page));
        try
        {
            var settled = ImmutableArray.CreateBuilder<SettledEvent>();
            TypeTally? filtered = null;
            var unseen = 0;
            var newestOnPage = DateTime.MinValue;
            foreach (var item in page.Items)
            {
                UInt128 key;
                DateTime eventTime;
                // An event whose own time cannot be read stays known by that of its neighbours for as long as it may come again.
                var neighbours = newestOnPage > Newest ? newestOnPage : Newest;
                try
                {
                    EventDecoder.Append(item.Span, events);
                    eventTime = events[events.Count - 1].Time;
                    if (eventTime == DateTime.MinValue)
                        eventTime = neighbours;
                    key = EventKey.Of(events, events.Count - 1);
                }
                catch (MalformedEventException malformed)
                {
                    key = MalformedEventKey.Of(item.Span);
                    eventTime = neighbours;
                    if (seen.Add(key, eventTime))
                    {
                        unseen++;
                        settled.Add(new SettledEvent(key, eventTime));
                        metrics.Undecodable();
                        Log.Undecodable(logger, "a search", malformed.Message);
                        await undecodable(item, $"{malformed.Message} (in a search near {eventTime:O})", cancellation);
                    }
                    continue;
                }

                newestOnPage = eventTime > newestOnPage ? eventTime : newestOnPage;
                if (!seen.Add(key, eventTime))
                {
                    events.RemoveLast();
                    continue;
                }
                unseen++;
                if (_filter.Wants(events[events.Count - 1]))
                {
                    settled.Add(new SettledEvent(key, eventTime));
                }
                else
                {
                    (filtered ??= new TypeTally()).Add(events[events.Count - 1].Type);
                    events.RemoveLast();
                }
            }

            Advance(newestOnPage);
            if (settled.Count > 0 || filtered is not null)
            {
                var batch = new SourceBatch(
                    events, [new StateChange.PageSettled(Newest, seen.Floor, settled.DrainToImmutable())], filtered);
                _floorHandedOver = seen.Floor;
                await batches.WriteAsync(batch, cancellation);
                events = null;
            }
            return new PageOutcome(unseen, newestOnPage);
        }
        finally
        {
            events?.Dispose();
        }
    }

    /// <summary>Hands over how far the floor moved, when no batch did so yet: an idle log must not leave the checkpoint's floor behind.</summary>
    public async ValueTask HandOverFloorAsync(CancellationToken cancellation)
    {
        if (seen.Floor == _floorHandedOver)
            return;
        _floorHandedOver = seen.Floor;
        await batches.WriteAsync(
            new SourceBatch(new EventBatch(0), [new StateChange.PageSettled(Newest, seen.Floor, [])]), cancellation);
    }

    private void Advance(DateTime newestOnPage)
    {
        var possible = newestOnPage < NewestPossible ? newestOnPage : NewestPossible;
        if (possible > Newest)
            Newest = possible;
        if (!seen.IsFull)
            return;
        var before = seen.Count;
        seen.MakeRoom();
        metrics.ForgottenEarly(before - seen.Count);
        Log.ForgottenEarly(logger, before - seen.Count, seen.Floor);
    }

    // JSON text is about as long as the wire form; what is short of it grows.
    private static int CapacityFor(EventPage page)
    {
        var bytes = 1024L;
        foreach (var item in page.Items)
            bytes += item.Length + 64;
        return (int)Math.Min(bytes, 4 << 20);
    }
}
