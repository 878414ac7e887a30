using System.Collections.Immutable;
using System.Threading.Channels;
using Gatehouse.Api.AuditLog;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Reads a cluster's audit log by bulk export: UTC day by UTC day, the chunks of a day in parallel.</summary>
/// <remarks>
/// 1. Begin where the checkpoint ends: its days and chunks, or the first day that is wanted.
/// 2. Whenever something ends or is due: take what ended, take the lists that came, ask for those that are due, fill free slots.
/// 3. When the current day has nothing new and nothing under way, and it is past, the next day becomes the current one.
/// 4. Two earlier days stay open for stragglers; older ones are closed when nothing of theirs is under way.
/// 5. Caught up means that the current day is today and no open day has anything new or under way, but for chunks that are not there.
/// All state is touched by the one loop; readers and lists run beside it and only end.
/// </remarks>
internal sealed class BulkSource(
    AuditLogClient log, PagedSearch search, ExportPlan plan, HandlerState state, ClusterContact contact, UndecodableEvent undecodable,
    TimeProvider time, SourceMetrics metrics, ILogger logger) : IEventSource
{
    private const int BacklogDays = 2;

    private readonly SortedDictionary<DateOnly, DayExport> _days = [];
    private readonly int _slotsPerDay = Math.Max(plan.Concurrency / 4, 3);

    private DayExport Current => _days.Last().Value;

    public async Task RunAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        try
        {
            await CoordinateAsync(batches, stop.Token);
        }
        finally
        {
            await stop.CancelAsync();
            await Task.WhenAll(UnderWay()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task CoordinateAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        // 1.
        var past = await FindPastAsync(batches, cancellation);
        await OpenFirstDaysAsync(past, batches, cancellation);
        var oldest = plan.StartTime!.Value.UtcDateTime;
        // As many as go into one request, so that none is sent half full; more do not make a request any better.
        var batchEvents = Math.Clamp(plan.Fluentd.BatchSize, 500, 1000);
        var taste = new ExportTaste(new EventFilter(plan.Types, plan.SkipEventTypes, oldest), past, undecodable, metrics, batchEvents);

        while (true)
        {
            // 2.
            foreach (var day in _days.Values)
                await StepAsync(day, taste, batches, cancellation);

            // 3.
            if (Current.Idle && Today > Current.Day)
            {
                await OpenAsync(Current.Day.AddDays(1), batches, cancellation);
                Log.DayAdvanced(logger, Current.Day);
                continue;
            }
            await CloseOldDaysAsync(past, batches, cancellation);

            // 5.
            if (plan.ExitOnLastEvent && Current.Day >= Today && _days.Values.All(day => day.DoneButForAbsent))
            {
                TellAbsent();
                Log.AllProcessed(logger);
                return;
            }
            await WaitAsync(cancellation);
        }
    }

    /// <summary>What searches delivered in earlier runs, or upstream or the user says was delivered.</summary>
    private async Task<PagedPast?> FindPastAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        var finder = new PositionFinder(search, plan, state, time, logger);
        if (state.Paged.Newest is null && (state.Days.Count > 0 || state.ClosedThrough is not null || !finder.MustLook))
            return null;
        return new PagedPast(await finder.FindAsync(batches, cancellation));
    }

    private async ValueTask OpenFirstDaysAsync(PagedPast? past, ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        // Days are compared as days: a start time in the afternoon is no later than its own day.
        var firstWanted = DateOnly.FromDateTime(plan.StartTime!.Value.UtcDateTime);
        foreach (var (day, progress) in state.Days)
        {
            if (day < firstWanted)
                continue;
            // Copies: the checkpoint goes on writing to its own.
            _days.Add(day, new DayExport(day, progress.Completed.ToArray(), progress.Cursors.ToArray()));
            Log.DayResumed(logger, day, progress.Completed.Count, progress.Cursors.Count);
        }
        if (_days.Count > 0)
            return;

        var first = past?.Day ?? firstWanted;
        if (state.ClosedThrough is { } closed && closed >= first)
            first = closed.AddDays(1);
        await OpenAsync(first, batches, cancellation);
        Log.DayStarted(logger, first);
    }

    private async Task StepAsync(DayExport day, ExportTaste taste, ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        var ended = day.TakeEnded();
        foreach (var reading in ended)
            await reading;

        var isToday = day.Day >= Today;
        if (day.Listing is { IsCompleted: true } listing)
            day.TakeList(await listing, time.GetUtcNow(), isToday);

        day.Start(_slotsPerDay, (chunk, cursor) =>
        {
            if (cursor.Length > 0)
                Log.ChunkResumed(logger, day.Day, chunk);
            var reader = new ChunkReader(log, day.Day, chunk, cursor, taste, contact, logger);
            return new RunningChunk(chunk, reader.RunAsync(batches, cancellation), reader.Parked, () => reader.IsAbsent);
        });

        // A past day that was just read through, or any when the end is awaited, need not wait to hear that there is no more.
        if (ended.Count > 0 && day.Running.Count == 0 && !day.Quiet && (!isToday || plan.ExitOnLastEvent))
            day.PollNow();
        if (day.Listing is null && day.NextPoll <= time.GetUtcNow())
            day.Listing = contact.AskAsync(token => ListAsync(day.Day, token), null, cancellation);
    }

    private async Task<List<string>> ListAsync(DateOnly day, CancellationToken cancellation)
    {
        var chunks = new List<string>();
        await foreach (var chunk in log.ExportChunksAsync(day, cancellation))
            chunks.Add(chunk);
        return chunks;
    }

    private async ValueTask OpenAsync(DateOnly day, ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        _days.Add(day, new DayExport(day, [], []));
        await batches.WriteAsync(Progress(new StateChange.DayOpened(day)), cancellation);
    }

    private async ValueTask CloseOldDaysAsync(PagedPast? past, ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        // 4. One that still has a chunk in trouble stays until that is read, however long it takes.
        foreach (var day in _days.Values.SkipLast(BacklogDays + 1).Where(day => day.Done).ToArray())
        {
            _days.Remove(day.Day);
            past?.ForgetBefore(_days.Keys.First());
            await batches.WriteAsync(Progress(new StateChange.DayClosed(day.Day)), cancellation);
            Log.DayClosed(logger, day.Day);
        }
    }

    /// <summary>Their days stay open in the checkpoint, so the next run asks for them again.</summary>
    private void TellAbsent()
    {
        foreach (var day in _days.Values)
        {
            foreach (var chunk in day.Running)
                Log.ChunkAbsent(logger, day.Day, chunk.Chunk);
        }
    }

    private async Task WaitAsync(CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        // The next midnight is due as well: it makes a new day.
        var due = new DateTimeOffset(now.UtcDateTime.Date.AddDays(1), TimeSpan.Zero);
        foreach (var day in _days.Values)
        {
            if (day.Listing is null && day.NextPoll < due)
                due = day.NextPoll;
        }
        using var woken = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var delay = Task.Delay(due > now ? due - now : TimeSpan.Zero, time, woken.Token);
        await Task.WhenAny([delay, .. UnderWay(), .. NotYetParked()]);
        await woken.CancelAsync();
        cancellation.ThrowIfCancellationRequested();
    }

    private IEnumerable<Task> UnderWay()
    {
        foreach (var day in _days.Values)
        {
            if (day.Listing is not null)
                yield return day.Listing;
            foreach (var chunk in day.Running)
                yield return chunk.Reading;
        }
    }

    private IEnumerable<Task> NotYetParked() =>
        _days.Values.SelectMany(day => day.Running).Where(chunk => !chunk.IsParked).Select(chunk => chunk.Parked);

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    private static SourceBatch Progress(StateChange change) => new(new EventBatch(0), [change]);
}
