using System.Runtime.ExceptionServices;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Locks;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Outputs.Fluentd;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

/// <summary>One running export: everything a plan becomes, put together by hand, started together and stopped in order.</summary>
internal sealed class Export : IAsyncDisposable
{
    /// <summary>How long requests that are on their way may take to arrive after a stop; upstream's figure.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

    /// <summary>As long as one request may take.</summary>
    private static readonly TimeSpan LongestDrain = TimeSpan.FromSeconds(30);

    private readonly ExportPlan _plan;
    private readonly StateHome _home;
    private readonly ClusterConnection _cluster;
    private readonly IDisposable? _output;
    private readonly Courier _courier;
    private readonly CheckpointWriter _writer;
    private readonly SessionExporter _sessions;
    private readonly TakenBackRecordings _takenBack;
    private readonly LoginLocks? _locks;
    private readonly Exporter _exporter;
    private readonly PipelineMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _drain = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abort = new();
    private volatile bool _ended;

    private Export(ExportPlan plan, StateHome home, ClusterConnection cluster, EventHandlerStatus status, ILoggerFactory logs, TimeProvider time)
    {
        _plan = plan;
        _home = home;
        _cluster = cluster;
        _metrics = status.Pipeline;
        _time = time;
        _log = logs.CreateLogger("Gatehouse.EventHandler");

        IDurableOutput output = plan.DryRun ? new DryRunOutput() : new FluentdOutput(plan.Fluentd, status.Output, time, _log);
        _output = output as IDisposable;
        var deadLetters = new DeadLetterDesk(home.DeadLetters, _metrics, time, _log);
        _writer = new CheckpointWriter(home.Checkpoint, _metrics, time, _log);
        _courier = new Courier(output, new RetrySchedule(), deadLetters, _metrics, time, _log);

        var missing = new MissingRecordings(deadLetters, _writer, time, _log);
        var streamer = new SessionStreamer(cluster.AuditLog.SessionEventsAsync, plan.SkipSessionTypes, _courier, output.Limits, deadLetters, _writer, _metrics, status.Sessions, time, _log);
        _sessions = new SessionExporter(plan.Concurrency, streamer, missing, _writer, _metrics, _log);
        _takenBack = new TakenBackRecordings(home.RecordingsAgain, _sessions, time, _log);
        _locks = plan.Lock.Enabled && !plan.DryRun ? new LoginLocks(plan.Lock, cluster.AuditLog.UpsertLockAsync, status.Locks, time, _log) : null;

        var sourceLog = logs.CreateLogger<ClusterSource>();
        var contact = new ClusterContact(time, sourceLog, Random.Shared.NextDouble);
        var source = new ClusterSource(
            cluster.AuditLog, plan with { StartTime = home.StartTime }, home.Checkpoint.State, contact,
            async (message, reason, cancellation) =>
            {
                if (!await deadLetters.SetAsideAsync(message, Destination.Audit, reason, cancellation).ConfigureAwait(false))
                    throw new OperationCanceledException(cancellation);
            },
            time, status.Source, sourceLog);
        _exporter = new Exporter(source, output, _courier, _writer, _sessions, _locks, home.Beginning, _metrics, time, _log);

        _metrics.OldestTaken = () => _exporter.OldestTaken;
        _metrics.EventsHeld = () => _courier.Held;
        _metrics.SessionBacklog = () => _sessions.Backlog;
        _metrics.SessionsMissing = () => missing.Count;
        _metrics.CredentialExpiry = () => cluster.CredentialExpiry;
        _metrics.IsBehind = () => contact.Problem is not null || _exporter.OldestTaken is not null;
        _metrics.Parts = status.Parts;
        status.ClusterProblem = () => contact.Problem;
        status.ReceiverProblem = () => _courier.Problem;
        status.CheckpointProblem = () => _writer.Problem;
    }

    /// <exception cref="CredentialException">The credential cannot be used.</exception>
    /// <exception cref="StateException">The state directory cannot be used, or the start time was changed.</exception>
    /// <exception cref="Hosting.Tls.TlsFileException">A TLS file of the receiver cannot be used.</exception>
    /// <param name="files">Opens the state directory; null for the disk.</param>
    public static async Task<Export> OpenAsync(
        ExportPlan plan, EventHandlerStatus status, ILoggerFactory logs, TimeProvider time, Func<string, IStateFiles>? files = null)
    {
        // Credentials first: a wrong one must not leave a state directory behind.
        var cluster = ClusterConnection.Open(plan.Teleport, logs, time);
        StateHome? home = null;
        try
        {
            home = await StateHome.OpenAsync(plan, logs, time, files).ConfigureAwait(false);
            return new Export(plan, home, cluster, status, logs, time);
        }
        catch
        {
            cluster.Dispose();
            if (home is not null)
                await home.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Runs until there is nothing left to do and the plan says to end then, until <paramref name="stop"/>, or <see cref="StopAsync"/>.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var asked = stop.Register(() => _stop.Cancel());
        using var noMore = CancellationTokenSource.CreateLinkedTokenSource(_drain.Token, _stop.Token);
        using var ended = new CancellationTokenSource();
        _sessions.Restore(_home.Checkpoint.State);
        var writing = _writer.RunAsync(_abort.Token);
        var sessions = _sessions.RunAsync(noMore.Token, _abort.Token);
        var exporting = _exporter.RunAsync(noMore.Token, _stop.Token, _abort.Token);
        var background = new[] { _cluster.KeepCredentialFreshAsync(_stop.Token), ReportAsync(_stop.Token), _takenBack.RunAsync(_stop.Token) };
        var locking = _locks?.RunAsync(_stop.Token, _abort.Token) ?? Task.CompletedTask;
        using var told = _stop.Token.Register(TellStop);
        var grace = EndGraceAsync(ended.Token);

        // The export ends with the exporter and the recordings it announced, or with the first part that fails.
        var failure = await FailureOfAsync(await Task.WhenAny(exporting, FailingOf(sessions), FailingOf(writing)).ConfigureAwait(false)).ConfigureAwait(false);
        if (failure is null && !noMore.IsCancellationRequested)
            failure = await FailureOfAsync(await Task.WhenAny(RecordingsDoneAsync(noMore.Token), FailingOf(sessions), FailingOf(writing)).ConfigureAwait(false)).ConfigureAwait(false);
        // Told to drain, the recordings' requests have as long to arrive as those of the audit log.
        if (failure is null && noMore.IsCancellationRequested)
            failure = await FailureOfAsync(await Task.WhenAny(sessions, FailingOf(writing)).ConfigureAwait(false)).ConfigureAwait(false);

        _ended = true;
        await _stop.CancelAsync().ConfigureAwait(false);
        foreach (var part in (Task[])[exporting, sessions])
            failure ??= await FailureOfAsync(part).ConfigureAwait(false);
        _writer.Complete();
        failure ??= await FailureOfAsync(writing).ConfigureAwait(false);
        // The last batch may want locks, and is considered when it is durable.
        _locks?.Complete();
        foreach (var part in (Task[])[locking, .. background])
            failure ??= await FailureOfAsync(part).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await grace.ConfigureAwait(false);
        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
    }

    /// <summary>What TERM does: what is on its way may arrive, nothing more is read or tried again.</summary>
    public Task StopAsync() => _stop.CancelAsync();

    /// <summary>
    /// What HUP does: nothing more is read, what was read of the audit log is delivered to its end, tried again if need be, and the
    /// request that each recording has under way may arrive, so that nothing comes twice after the change. A receiver that takes
    /// nothing is not waited for longer than one request may take.
    /// </summary>
    public async Task DrainAsync(Task running)
    {
        await _drain.CancelAsync().ConfigureAwait(false);
        await Task.WhenAny(running, Task.Delay(LongestDrain, _time)).ConfigureAwait(false);
        if (!running.IsCompleted)
            await StopAsync().ConfigureAwait(false);
    }

    /// <summary>Why this plan could not take over from the running one; null when it could. Everything that can refuse is tried.</summary>
    public string? RefusalOf(ExportPlan plan, EventHandlerStatus status, ILoggerFactory logs)
    {
        try
        {
            ClusterConnection.Open(plan.Teleport, logs, _time).Dispose();
            if (!plan.DryRun)
                new FluentdOutput(plan.Fluentd, status.Output, _time, _log).Dispose();
            var sameDirectory = StateDirectory.PathFor(plan.Storage, plan.Teleport.Addr) == StateDirectory.PathFor(_plan.Storage, _plan.Teleport.Addr);
            return sameDirectory && !plan.DryRun ? _home.RefusalOf(plan, _time) : null;
        }
        catch (Exception e) when (e is CredentialException or Hosting.Tls.TlsFileException or StateException or ArgumentException)
        {
            return e.Message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _cluster.Dispose();
        _courier.Dispose();
        _output?.Dispose();
        await _home.DisposeAsync().ConfigureAwait(false);
        _drain.Dispose();
        _stop.Dispose();
        _abort.Dispose();
    }

    /// <summary>A recording is queued when its upload event is durable, so that comes first.</summary>
    private async Task RecordingsDoneAsync(CancellationToken noMore)
    {
        await _takenBack.WhenLooked.WaitAsync(noMore).ConfigureAwait(false);
        await _writer.FlushAsync().WaitAsync(noMore).ConfigureAwait(false);
        await _sessions.WhenIdleAsync(noMore).ConfigureAwait(false);
        // What was found missing meanwhile has its place in the checkpoint, too.
        await _writer.FlushAsync().WaitAsync(noMore).ConfigureAwait(false);
        if (_sessions.NotTaken is > 0 and var left)
            throw new ReceiverException($"the receiver refuses the next event of {left} recordings and takes no others of them: {_courier.Problem}; nothing of them is given up, the next start goes on with them");
    }

    private void TellStop()
    {
        if (!_ended)
            Log.GracefulShutdown(_log);
    }

    /// <param name="ended">Nothing is on its way any more.</param>
    private async Task EndGraceAsync(CancellationToken ended)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, ended);
        await Task.Delay(Timeout.Infinite, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.Delay(Grace, _time, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (ended.IsCancellationRequested)
            return;
        Log.FastShutdown(_log);
        await _abort.CancelAsync().ConfigureAwait(false);
    }

    /// <summary>Once a minute, how it goes.</summary>
    private async Task ReportAsync(CancellationToken stop)
    {
        using var minute = new PeriodicTimer(TimeSpan.FromMinutes(1), _time);
        var (events, sessions) = (_metrics.SentTotal, _metrics.SessionsTotal);
        while (await minute.WaitForNextTickAsync(stop).ConfigureAwait(false))
        {
            Log.EventProcessing(_log, _metrics.SentTotal - events, _metrics.SessionsTotal - sessions);
            (events, sessions) = (_metrics.SentTotal, _metrics.SessionsTotal);
        }
    }

    /// <summary>Completes only when the task fails: the end of a loop beside it is no reason to end the export.</summary>
    private static async Task FailingOf(Task task)
    {
        await task.ConfigureAwait(false);
        await Task.Delay(Timeout.Infinite).ConfigureAwait(false);
    }

    /// <returns>Why the task failed; null when it ended or was told to stop.</returns>
    private static async Task<Exception?> FailureOfAsync(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.Exception?.InnerException;
    }
}
