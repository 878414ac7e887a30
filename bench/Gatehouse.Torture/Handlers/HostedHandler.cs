using Gatehouse.EventHandler;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Torture.Handlers;

/// <summary>The handler's export in this process, on failing files.</summary>
internal sealed class HostedHandler : IHandler
{
    private readonly Export _export;
    private readonly FailingFiles _files;
    private readonly EventHandlerStatus _status;
    private readonly ILoggerFactory _logs;

    private HostedHandler(Export export, FailingFiles files, EventHandlerStatus status, ILoggerFactory logs)
    {
        (_export, _files, _status, _logs) = (export, files, status, logs);
        Ended = RunAsync();
    }

    public Task<int> Ended { get; }

    /// <param name="failEvery">One of so many operations fails.</param>
    /// <param name="failAtOpen">Also those that open or make the state.</param>
    /// <returns>Null when the failing files did not even let it begin.</returns>
    public static async Task<HostedHandler?> StartAsync(HandlerSettings settings, int failEvery, bool failAtOpen, string logPath)
    {
        var time = new HastyTime();
        var status = new EventHandlerStatus(time);
        var logs = LoggerFactory.Create(logging => logging.AddProvider(new FileLog(logPath)));
        FailingFiles? files = null;
        try
        {
            var export = await Export.OpenAsync(PlanOf(settings), status, logs, time, directory =>
            {
                files = new FailingFiles(new DiskFiles(directory), failEvery);
                if (failAtOpen)
                    files.Arm();
                return files;
            });
            files!.Arm();
            return new HostedHandler(export, files, status, logs);
        }
        catch (StateException)
        {
            status.Dispose();
            logs.Dispose();
            return null;
        }
    }

    public async Task KillAsync()
    {
        _files.Die();
        Terminate();
        await Ended;
    }

    public void Terminate() => _ = _export.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        await _export.DisposeAsync();
        _status.Dispose();
        _logs.Dispose();
    }

    private async Task<int> RunAsync()
    {
        var running = _export.RunAsync(CancellationToken.None);
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        // Cut off in the middle of a commit it could not make.
        if (running.Exception?.InnerException is { } failure and not OperationCanceledException)
            _logs.CreateLogger("torture").LogCriticalFailure(failure);
        return running.IsFaulted ? 1 : 0;
    }

    private static ExportPlan PlanOf(HandlerSettings settings) => new()
    {
        Teleport = new TeleportPlan { Addr = settings.ClusterAddr, Identity = settings.Identity },
        Fluentd = new FluentdPlan
        {
            Url = settings.AuditUrl,
            SessionUrl = settings.SessionUrl,
            Ca = settings.ReceiverCa,
            BatchSize = settings.Plan.BatchSize,
            BatchBytes = settings.Plan.BatchBytes,
            Gzip = settings.Plan.Gzip,
            MaxConnections = settings.Plan.Concurrency * 2,
        },
        Storage = settings.Storage,
        StartTime = settings.Start,
        Timeout = TimeSpan.FromMilliseconds(200),
        Batch = settings.Plan.PageSize,
        Concurrency = settings.Plan.Concurrency,
        ExitOnLastEvent = settings.ExitOnLastEvent,
    };
}
