using Gatehouse.Api.AuditLog;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.State;

namespace Gatehouse.EventHandler.Tests.Sessions;

/// <summary>One life of the handler's recordings, from start to stop.</summary>
internal sealed class SessionRun : IAsyncDisposable
{
    private readonly SessionRig _rig;
    private readonly CancellationTokenSource _stop = new();
    private readonly Courier _courier;
    private readonly Task _sessions;
    private readonly Task _writing;

    public SessionRun(SessionRig rig, Checkpoint checkpoint, DeadLetterFile deadLetters, int concurrency, int maxEvents)
    {
        DeadLetterDesk = new DeadLetterDesk(deadLetters, rig.Metrics, rig.Clock, rig.Log);
        (_rig, Checkpoint, DeadLetters) = (rig, checkpoint, deadLetters);
        rig.Output.Limits = new OutputLimits(maxEvents, int.MaxValue, 10);
        Writer = new CheckpointWriter(checkpoint, rig.Metrics, rig.Clock, rig.Log);
        _courier = new Courier(rig.Output, new RetrySchedule(), DeadLetterDesk, rig.Metrics, rig.Clock, rig.Log);
        var streamer = new SessionStreamer(
            new AuditLogClient(rig.Channel).SessionEventsAsync, new HashSet<string> { "print" }, _courier, rig.Output.Limits, DeadLetterDesk, Writer, rig.Metrics, rig.SessionMetrics, rig.Clock, rig.Log);
        Sessions = new SessionExporter(concurrency, streamer, new MissingRecordings(DeadLetterDesk, Writer, rig.Clock, rig.Log), Writer, rig.Metrics, rig.Log);
        Sessions.Restore(checkpoint.State);
        _sessions = Sessions.RunAsync(_stop.Token, rig.Cancellation);
        _writing = Writer.RunAsync(rig.Cancellation);
    }

    public Checkpoint Checkpoint { get; }

    public DeadLetterFile DeadLetters { get; }

    public DeadLetterDesk DeadLetterDesk { get; }

    public CheckpointWriter Writer { get; }

    public SessionExporter Sessions { get; }

    /// <summary>Announces a recording as the audit log does, and has it streamed.</summary>
    public async Task UploadAsync(string id, DateTime uploadedAt)
    {
        await Writer.AddAndWaitAsync(new StateChange.SessionQueued(id, uploadedAt)).WaitAsync(_rig.Cancellation);
        Sessions.Enqueue(id, uploadedAt);
    }

    /// <summary>Returns when nothing is queued or being streamed, and all of it is in the checkpoint.</summary>
    public async Task IdleAsync()
    {
        await Sessions.WhenIdleAsync(_rig.Cancellation);
        await Writer.FlushAsync().WaitAsync(_rig.Cancellation);
    }

    /// <summary>Stops as the process does: what is on its way may arrive, then the last progress becomes durable.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _sessions.WaitAsync(_rig.Cancellation);
        Writer.Complete();
        await _writing.WaitAsync(_rig.Cancellation);
    }

    public async ValueTask DisposeAsync()
    {
        await Checkpoint.DisposeAsync();
        DeadLetters.Dispose();
        _courier.Dispose();
        _stop.Dispose();
    }
}
