using System.Collections.Immutable;
using System.Text;
using System.Threading.Channels;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Where a paged reader begins: nothing before <paramref name="Floor"/> is wanted, nor anything in <paramref name="Known"/>.</summary>
internal sealed record PagedPlace(DateTime Newest, DateTime Floor, IReadOnlyDictionary<UInt128, DateTime> Known);

/// <summary>
/// Finds the place to begin at: our own from the checkpoint, or one that upstream left or the user gave as the id of the last
/// delivered event.
/// </summary>
/// <remarks>
/// 1. Upstream's page key is tried once: the event is on the page that it fetches, if the server still knows the key.
/// 2. Otherwise the log is read from the start of upstream's window (or the start time) until the event appears. Types are not
///    filtered while looking: the event may be of a type that is no longer wanted.
/// 3. The floor is a moment before the event, because log order and time order differ by milliseconds; what stands before it in the
///    log from the floor on is known as delivered. Should it not be met a second time, it counts as not found.
/// 4. When it is nowhere, reading begins where that page began, or at the window or start time: some events come twice, none is lost.
/// A window without an event, as our own export for upstream writes it, is itself the place: nothing before it is missing.
/// </remarks>
/// <param name="plan">With the start time in force.</param>
internal sealed class PositionFinder(PagedSearch search, ExportPlan plan, HandlerState state, TimeProvider time, ILogger logger)
{
    private const int SearchLimit = 1000;

    public async Task<PagedPlace> FindAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        if (OwnPlace() is { } own)
            return own;
        var start = plan.StartTime!.Value.UtcDateTime;
        if (TakenOver() is not { } position)
            return new PagedPlace(start, start, ImmutableDictionary<UInt128, DateTime>.Empty);

        var place = position.Id.Length + position.Cursor.Length > 0
            ? await LocateAsync(position, start, cancellation)
            : WindowPlace(position, start);
        var known = place.Known.Select(pair => new SettledEvent(pair.Key, pair.Value)).ToImmutableArray();
        await batches.WriteAsync(
            new SourceBatch(new EventBatch(0), [new StateChange.PositionFound(place.Newest, place.Floor, known)]), cancellation);
        return place;
    }

    /// <summary>Whether the first thing to do is to look for an event in the log.</summary>
    public bool MustLook => OwnPlace() is null && TakenOver() is not null;

    /// <summary>The start time in force: the one of the first run, else the one asked for, else now; whole seconds, UTC.</summary>
    public static DateTimeOffset StartTime(HandlerState state, ExportPlan plan, TimeProvider time)
    {
        var start = (state.StartTime ?? plan.StartTime ?? time.GetUtcNow()).UtcTicks;
        return new DateTimeOffset(start - start % TimeSpan.TicksPerSecond, TimeSpan.Zero);
    }

    private PagedPlace? OwnPlace()
    {
        var paged = state.Paged;
        if (paged.Newest is not { } newest)
            return null;
        // A copy: the checkpoint goes on writing to its own.
        return new PagedPlace(newest, paged.Floor ?? newest, new Dictionary<UInt128, DateTime>(paged.Settled));
    }

    private UpstreamPosition? TakenOver() =>
        state.TakenOver is { } left && (left.Id.Length + left.Cursor.Length > 0 || plan.StartAfterId is null) ? left
        : plan.StartAfterId is { } id ? new UpstreamPosition("", id, state.TakenOver?.WindowTime) : null;

    private PagedPlace WindowPlace(UpstreamPosition position, DateTime start)
    {
        var from = Beginning(position, start);
        Log.WindowTakenOver(logger, from);
        return new PagedPlace(from, from, ImmutableDictionary<UInt128, DateTime>.Empty);
    }

    private static DateTime Beginning(UpstreamPosition position, DateTime start) =>
        position.WindowTime is { } window && window.UtcDateTime > start ? window.UtcDateTime : start;

    private async Task<PagedPlace> LocateAsync(UpstreamPosition position, DateTime start, CancellationToken cancellation)
    {
        var from = Beginning(position, start);
        var now = time.GetUtcNow().UtcDateTime;
        now = now > from ? now : from;
        var id = Encoding.UTF8.GetBytes(position.Id);

        // 1.
        var page = position.Cursor.Length > 0 ? await PageAtCursorAsync(position, from, now, cancellation) : null;
        var found = page is not null && id.Length > 0 ? Found(page, id) : null;

        // 2.
        if (found is null && id.Length > 0)
            found = await ReadUntilFoundAsync(from, now, id, cancellation);

        // 3.
        if (found is { } last)
        {
            var floor = last.Time - start > WindowScan.Overlap ? last.Time - WindowScan.Overlap : start;
            if (await KnownUpToAsync(floor, now, id, last.Key, cancellation) is { } known)
            {
                Log.PositionFound(logger, position.Id, last.Time);
                return new PagedPlace(last.Time, floor, known);
            }
        }

        // 4.
        var fallback = page is null ? from : FirstTime(page) ?? from;
        Log.PositionNotFound(logger, position.Id, fallback);
        return new PagedPlace(fallback, fallback, ImmutableDictionary<UInt128, DateTime>.Empty);
    }

    private async Task<EventPage?> PageAtCursorAsync(UpstreamPosition position, DateTime from, DateTime now, CancellationToken cancellation)
    {
        // Upstream's search ended with the window; some servers refuse a key under another range.
        var end = position.WindowTime is not null && now - from > plan.WindowSize ? from + plan.WindowSize : now;
        var answer = await search.PageAsync(plan.Types, from, end, plan.Batch, position.Cursor, cancellation);
        return answer is SearchAnswer.Page { Events: { Items.Count: > 0 } page } ? page : null;
    }

    private async Task<SettledEvent?> ReadUntilFoundAsync(DateTime from, DateTime now, byte[] id, CancellationToken cancellation)
    {
        Log.LookingForPosition(logger, from);
        SettledEvent? found = null;
        await Scan().RunAsync(from, now, SearchLimit, (page, _) =>
        {
            found = Found(page, id);
            return ValueTask.FromResult(new PageOutcome(0, LastTime(page), found is not null));
        }, cancellation);
        return found;
    }

    /// <returns>Null when the event was not met on the way: then nothing says how far is known.</returns>
    private async Task<Dictionary<UInt128, DateTime>?> KnownUpToAsync(
        DateTime floor, DateTime now, byte[] id, UInt128 last, CancellationToken cancellation)
    {
        var known = new Dictionary<UInt128, DateTime>();
        var met = false;
        await Scan().RunAsync(floor, now, SearchLimit, (page, _) =>
        {
            var newest = DateTime.MinValue;
            Walk(page, (batch, key) =>
            {
                ref readonly var header = ref batch[0];
                known[key] = header.Time;
                newest = header.Time > newest ? header.Time : newest;
                // The id is the server's own where the event has no uid, and may be another at each reading.
                met = key == last || batch.Text(header.Id).SequenceEqual(id);
                return !met;
            });
            return ValueTask.FromResult(new PageOutcome(0, newest, met));
        }, cancellation);
        return met ? known : null;
    }

    private WindowScan Scan() =>
        new((from, to, limit, key, token) => search.PageAsync([], from, to, limit, key, token), plan.WindowSize, logger);

    private static SettledEvent? Found(EventPage page, byte[] id)
    {
        SettledEvent? found = null;
        Walk(page, (batch, key) =>
        {
            if (batch.Text(batch[0].Id).SequenceEqual(id))
                found = new SettledEvent(key, batch[0].Time);
            return found is null;
        });
        return found;
    }

    private static DateTime? FirstTime(EventPage page)
    {
        DateTime? first = null;
        Walk(page, (batch, _) =>
        {
            if (first is null || batch[0].Time < first)
                first = batch[0].Time;
            return true;
        });
        return first;
    }

    private static DateTime LastTime(EventPage page)
    {
        var last = DateTime.MinValue;
        Walk(page, (batch, _) =>
        {
            last = batch[0].Time > last ? batch[0].Time : last;
            return true;
        });
        return last;
    }

    /// <summary>Decodes a page's events one after another; those that cannot be decoded are met again, and reported, when they are read for delivery.</summary>
    private static void Walk(EventPage page, Func<EventBatch, UInt128, bool> goOn)
    {
        foreach (var item in page.Items)
        {
            using var batch = new EventBatch(item.Length + 256);
            try
            {
                EventDecoder.Append(item.Span, batch);
            }
            catch (MalformedEventException)
            {
                continue;
            }
            if (!goOn(batch, EventKey.Of(batch, 0)))
                return;
        }
    }
}
