using System.Threading.Channels;
using Gatehouse.EventHandler.Locks;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// The way of the audit log through the handler:
/// <list type="number">
/// <item>read: a source fills batches from the cluster, starting behind the checkpoint;</item>
/// <item>take: each batch gets a receipt, in order, when there is room for its bytes and for the recordings it may announce;</item>
/// <item>cut: a batch becomes slices that fit into one request;</item>
/// <item>deliver: as many slices as the output allows are on their way at once; the courier tries each until it is settled, and what the
/// receiver refuses waits beside the others until one of them shows that it takes events at all;</item>
/// <item>confirm: a receipt closes with its last slice, and the closed run at the front is progress;</item>
/// <item>checkpoint: progress becomes durable, and only then recordings start, locks are considered and buffers are reused.</item>
/// </list>
/// Nothing is dropped anywhere on this way: whoever is slow makes the one before him wait, back to the cluster.
/// </summary>
/// <param name="beginning">Becomes durable with the first batch: a first attempt that never reaches the cluster leaves no trace.</param>
internal sealed class Exporter(
    IEventSource source,
    IDurableOutput output,
    Courier courier,
    CheckpointWriter checkpoint,
    SessionExporter sessions,
    LoginLocks? locks,
    IReadOnlyList<StateChange> beginning,
    PipelineMetrics metrics,
    TimeProvider time,
    ILogger log)
{
    /// <summary>
    /// Most JSON bytes between reading and the checkpoint. Enough for ten connections with 500 events each at 25 ms, and what keeps
    /// the process small when the receiver is slow.
    /// </summary>
    internal const long BytesUnderWay = 4 * 1024 * 1024;

    /// <summary>
    /// How long refused events are held when nothing comes any more that could show whether they are at fault. Enough for eight tries
    /// and a short restart; then the run ends and says so, and the next one begins with them. An outage meanwhile begins it anew.
    /// </summary>
    internal static readonly TimeSpan PatienceAtTheEnd = TimeSpan.FromMinutes(2);

    private readonly Channel<SourceBatch> _read = Channel.CreateBounded<SourceBatch>(
        new BoundedChannelOptions(2) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Channel<Part> _parts = Channel.CreateBounded<Part>(
        new BoundedChannelOptions(256) { SingleWriter = true, FullMode = BoundedChannelFullMode.Wait });

    private readonly Receipts _receipts = new(checkpoint.PagedPlace);
    private IReadOnlyList<StateChange> _beginning = beginning;
    private readonly ByteWindow _window = new(BytesUnderWay);

    /// <summary>When the oldest batch under way was taken; null when there is none.</summary>
    public DateTimeOffset? OldestTaken => _receipts.OldestTaken;

    /// <summary>Runs until the source has caught up (and everything it read is settled and durable) or is told to stop.</summary>
    /// <param name="noMore">Reads no more; what was read is delivered to its end.</param>
    /// <param name="stop">Reads no more and tries nothing again; what is on its way may arrive.</param>
    /// <param name="abort">Cuts off what is on its way, too. It is delivered again after the next start.</param>
    /// <exception cref="SourceException">The cluster refuses for good.</exception>
    /// <exception cref="ReceiverException">All is read, and the receiver takes nothing of what is left.</exception>
    public async Task RunAsync(CancellationToken noMore, CancellationToken stop, CancellationToken abort)
    {
        using var failure = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(noMore, failure.Token);
        using var patience = new Patience(PatienceAtTheEnd, time);
        using var holding = CancellationTokenSource.CreateLinkedTokenSource(failure.Token, patience.Over);
        checkpoint.BeforeEachRecord = RecordEarly;
        courier.AuditAway = patience.Away;
        var held = new GrowingGroup(failure);
        var loops = Enumerable.Range(0, output.Limits.MaxInFlight).Select(_ => DeliverAsync(held, holding.Token, abort)).ToList();
        held.Add(BoundPatienceAsync(loops, patience));
        held.Close();
        try
        {
            await Together.RunAsync([ReadAsync(reading.Token), TakeAsync(reading.Token, failure.Token), .. loops, held.Completion], failure).ConfigureAwait(false);
            if (patience.Over.IsCancellationRequested && !stop.IsCancellationRequested && _receipts.Outstanding > 0)
                throw new ReceiverException($"the receiver refuses the last events and takes no others: {courier.Problem}; nothing of them is given up, the next start begins with them");
        }
        finally
        {
            _read.Writer.TryComplete();
            while (_read.Reader.TryRead(out var unread))
                unread.Events.Dispose();
            checkpoint.BeforeEachRecord = null;
            courier.AuditAway = null;
            RecordEarly();
            foreach (var receipt in _receipts.Abandon())
                receipt.Batch.Events.Dispose();
        }
    }

    /// <summary>1. Read.</summary>
    private async Task ReadAsync(CancellationToken stop)
    {
        try
        {
            await source.RunAsync(_read.Writer, stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Told to stop: what was handed over before still goes its way.
        }
        finally
        {
            _read.Writer.TryComplete();
        }
    }

    /// <summary>2. Take, 3. cut.</summary>
    private async Task TakeAsync(CancellationToken noMore, CancellationToken stop)
    {
        try
        {
            await foreach (var batch in _read.Reader.ReadAllAsync(noMore).ConfigureAwait(false))
            {
                await sessions.WaitForRoomAsync(noMore).ConfigureAwait(false);
                await _window.EnterAsync(batch.Events.JsonBytes, noMore).ConfigureAwait(false);
                metrics.BatchRead(batch);
                await CutAsync(batch, stop).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (noMore.IsCancellationRequested)
        {
            // Told to stop: the batches not taken yet are read again after the next start.
        }
        finally
        {
            _parts.Writer.TryComplete();
        }
    }

    private async Task CutAsync(SourceBatch batch, CancellationToken stop)
    {
        var slices = Slices.Cut(batch.Events, output.Limits);
        var receipt = new Receipt(batch, slices, time.GetUtcNow());
        _receipts.Open(receipt, Progress);
        for (var i = 0; i < slices.Count; i++)
            await _parts.Writer.WriteAsync(new Part(receipt, i), stop).ConfigureAwait(false);
    }

    /// <summary>4. Deliver: one of several loops that share the work.</summary>
    private async Task DeliverAsync(GrowingGroup held, CancellationToken stop, CancellationToken abort)
    {
        await foreach (var part in _parts.Reader.ReadAllAsync(abort).ConfigureAwait(false))
        {
            var delivery = await courier.DeliverAsync(part.Receipt.Slices[part.Slice], held, stop, abort).ConfigureAwait(false);
            if (delivery.Held is { } later)
                held.Add(SettleLaterAsync(part, later));
            else if (delivery.Settled)
                Settle(part);
        }
    }

    /// <summary>The receipt stays open and its bytes in the window: that bounds what can be held.</summary>
    private async Task SettleLaterAsync(Part part, Task<bool> held)
    {
        if (await held.ConfigureAwait(false))
            Settle(part);
    }

    /// <summary>As long as others come, one of them shows whether what is held is at fault. After the last one nothing does.</summary>
    private static async Task BoundPatienceAsync(IEnumerable<Task> loops, Patience patience)
    {
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        patience.Begin();
    }

    /// <summary>5. Confirm.</summary>
    private void Settle(Part part)
    {
        if (_receipts.Settle(part.Receipt, part.Slice, Progress))
            checkpoint.ThereIsMore();
    }

    /// <summary>6. Checkpoint.</summary>
    private void Progress(Receipt receipt)
    {
        var batch = receipt.Batch;
        var uploads = Uploads.Of(batch, 0, batch.Events.Count);
        TellUploadsWithoutSession(batch);
        checkpoint.Add([.. Interlocked.Exchange(ref _beginning, []), .. batch.Changes, .. uploads], () =>
        {
            foreach (var upload in uploads)
                sessions.Enqueue(upload.SessionId, upload.UploadedAt);
            locks?.Consider(batch.Events);
            metrics.BatchSettled(batch);
            var bytes = batch.Events.JsonBytes;
            batch.Events.Dispose();
            _receipts.Durable();
            _window.Leave(bytes);
        });
    }

    /// <summary>
    /// What is acknowledged of the oldest batch goes into the next record, whichever that is. Not where logins are watched: what is recorded is
    /// not read again, and these are considered when their batch is whole.
    /// </summary>
    private void RecordEarly()
    {
        if (locks is null)
            _receipts.RecordEarly(changes => checkpoint.Add([.. Interlocked.Exchange(ref _beginning, []), .. changes]));
    }

    private void TellUploadsWithoutSession(SourceBatch batch)
    {
        foreach (ref readonly var header in batch.Events.Headers)
        {
            if (header.Type == Uploads.EventType && header.SessionId.Length == 0)
                Log.UploadWithoutSession(log, batch.Events.TextString(header.Id));
        }
    }

    private readonly record struct Part(Receipt Receipt, int Slice);
}
