using System.Threading.Channels;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Which events of an export are wanted, where those go that cannot be read, and how many are handed over at once.</summary>
internal sealed record ExportTaste(EventFilter Filter, PagedPast? Past, UndecodableEvent Undecodable, SourceMetrics Metrics, int BatchEvents);

/// <summary>
/// Reads one chunk of a day's export from a cursor to its end, for as long as it takes: a broken stream is opened again behind the
/// last event that was handed over.
/// </summary>
internal sealed class ChunkReader(
    AuditLogClient log, DateOnly day, string chunk, string cursor, ExportTaste taste, ClusterContact contact, ILogger logger)
{
    /// <summary>Small enough to keep what is in flight within some tens of megabytes.</summary>
    private const int MaxBatchBytes = 1 << 20;

    /// <summary>After so many failures that are the chunk's own the others no longer wait for it.</summary>
    private const int FailuresUntilParked = 3;

    /// <summary>
    /// So often in a row "not found" means that it is not there. That takes half a minute to a minute: a cluster that lists a chunk before
    /// everybody sees it needs seconds.
    /// </summary>
    private const int AbsencesUntilBelieved = 7;

    private readonly TaskCompletionSource _parked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Backoff _backoff = contact.NewBackoff();

    // The batch being filled.
    private EventBatch? _events;
    private List<(byte[] Message, string Reason)>? _undecodable;
    private int _nextCapacity = 16 * 1024;
    private int _undecodableBytes;
    private int _read;
    private TypeTally? _filtered;
    private TextRange _readTo;
    private int _absences;

    // The place behind the last batch handed over.
    private string _cursor = cursor;

    /// <summary>Ends when the chunk is in trouble of its own (not found, say): it is tried on, but nobody should wait for it.</summary>
    public Task Parked => _parked.Task;

    /// <summary>The cluster lists it and, asked again and again, does not find it. It is tried on: it may turn up yet.</summary>
    public bool IsAbsent => Volatile.Read(ref _absences) >= AbsencesUntilBelieved;

    /// <exception cref="SourceException">Access is denied.</exception>
    public async Task RunAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        try
        {
            while (!await TryReadAsync(batches, cancellation))
                await contact.WaitAsync(_backoff.Next(), cancellation);
        }
        finally
        {
            _events?.Dispose();
        }
    }

    private async Task<bool> TryReadAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        try
        {
            await ReadAsync(batches, cancellation);
            contact.Regained();
            return true;
        }
        catch (GrpcException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (GrpcException failure)
        {
            ClusterContact.ThrowIfDenied(failure);
            await HandOverAsync(batches, completed: false, cancellation);
            Failed(failure);
            return false;
        }
    }

    private async Task ReadAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        await using var stream = await log.ExportAsync(day, chunk, _cursor, cancellation);
        while (true)
        {
            var more = stream.WaitToReadAsync(cancellation);
            if (more.IsCompleted || _read == 0)
            {
                if (!await more)
                    break;
            }
            else
            {
                // The stream has nothing more for now: what is here does not wait for it.
                var waiting = more.AsTask();
                await HandOverAsync(batches, completed: false, cancellation);
                if (!await waiting)
                    break;
            }
            contact.Regained();
            Volatile.Write(ref _absences, 0);
            while (!IsFull && stream.TryRead(out var message))
                Take(message);
            if (IsFull)
                await HandOverAsync(batches, completed: false, cancellation);
        }
        await HandOverAsync(batches, completed: true, cancellation);
    }

    private bool IsFull => _read >= taste.BatchEvents || _events?.JsonBytes >= MaxBatchBytes || _undecodableBytes >= MaxBatchBytes;

    private void Take(ReadOnlySpan<byte> message)
    {
        _events ??= new EventBatch(_nextCapacity);
        _read++;
        try
        {
            EventDecoder.AppendExported(message, _events);
        }
        catch (MalformedEventException malformed)
        {
            (_undecodable ??= []).Add((message.ToArray(), malformed.Message));
            _undecodableBytes += message.Length;
            return;
        }

        var index = _events.Count - 1;
        ref readonly var header = ref _events[index];
        if (header.Cursor.Length > 0)
            _readTo = header.Cursor;
        if (!taste.Filter.Wants(header))
            (_filtered ??= new TypeTally()).Add(header.Type);
        else if (taste.Past is null || !taste.Past.Holds(_events, index))
            return;
        _events.RemoveLast();
    }

    private async ValueTask HandOverAsync(ChannelWriter<SourceBatch> batches, bool completed, CancellationToken cancellation)
    {
        if (_read == 0 && !completed)
            return;
        await KeepUndecodableAsync(cancellation);

        var events = _events ?? new EventBatch(0);
        var cursor = _readTo.Length > 0 ? events.TextString(_readTo) : _cursor;
        StateChange[] changes =
            completed ? [new StateChange.ChunkCompleted(day, chunk)]
            : cursor.Length > 0 ? [new StateChange.ChunkAdvanced(day, chunk, cursor)]
            : [];
        var batch = new SourceBatch(events, changes, _filtered);
        _nextCapacity = Math.Clamp(events.JsonBytes + events.JsonBytes / 4, 16 * 1024, MaxBatchBytes + MaxBatchBytes / 4);
        _events = events;
        await batches.WriteAsync(batch, cancellation);

        _events = null;
        _filtered = null;
        _read = 0;
        _readTo = default;
        if (cursor != _cursor)
            _backoff.Reset();
        _cursor = cursor;
    }

    private async ValueTask KeepUndecodableAsync(CancellationToken cancellation)
    {
        if (_undecodable is not { } messages)
            return;
        foreach (var (message, reason) in messages)
        {
            taste.Metrics.Undecodable();
            Log.Undecodable(logger, chunk, reason);
            await taste.Undecodable(message, $"{reason} (in chunk {chunk} of {day:yyyy-MM-dd}, after cursor '{_cursor}')", cancellation);
        }
        _undecodable = null;
        _undecodableBytes = 0;
    }

    private void Failed(GrpcException failure)
    {
        Volatile.Write(ref _absences, failure.Status == GrpcStatus.NotFound ? _absences + 1 : 0);
        if (IsTheConnections(failure.Status))
        {
            contact.Lost(failure.Status, failure.Message);
            // A silence may also be this chunk's alone, and must not hold up the others for ever.
            if (failure.Status == GrpcStatus.DeadlineExceeded && _backoff.Failures + 1 >= FailuresUntilParked)
                _parked.TrySetResult();
            return;
        }
        contact.Regained();
        taste.Metrics.ChunkFailed();
        // Said at once, and then ever more rarely: the chunk is tried on for as long as it takes.
        var failures = _backoff.Failures + 1;
        if (int.IsPow2(failures))
            Log.ChunkFailed(logger, day, chunk, failures, failure.Status, failure.Message);
        if (failures >= FailuresUntilParked)
            _parked.TrySetResult();
    }

    private static bool IsTheConnections(GrpcStatus status) => status
        is GrpcStatus.Unavailable or GrpcStatus.DeadlineExceeded or GrpcStatus.Cancelled
        or GrpcStatus.ResourceExhausted or GrpcStatus.Aborted or GrpcStatus.Unauthenticated;
}
