using System.Net;
using Gatehouse.Cli.Commands;
using Gatehouse.Cluster;
using Gatehouse.Cluster.Auth;
using Gatehouse.EventHandler.Configure;
using Gatehouse.EventHandler.State;
using Gatehouse.Hosting.Lifetime;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Up;

/// <summary>
/// <c>gatehouse up</c>: a whole audit pipeline on one machine.
/// <list type="number">
/// <item>Take the folder; recall ports and position, or choose them.</item>
/// <item>Make what the parts need of each other: certificates for the receiver, an identity for the handler.</item>
/// <item>Fill the log, on the first start or when told to import.</item>
/// <item>Start the auth service, then the receiver, then the handler between them.</item>
/// <item>Show how it goes.</item>
/// <item>On a signal: the handler first, so that what is on its way still arrives; then the other two.</item>
/// </list>
/// </summary>
internal sealed class UpRun(UpPlan plan, Surroundings around, IUpView view, ProcessSignals signals, ILoggerFactory loggers, UpDirectory directory, TimeProvider time)
{
    private static readonly TimeSpan IdentityTtl = TimeSpan.FromDays(90);

    /// <returns>The exit status.</returns>
    /// <exception cref="UpException">It cannot start, or one part ended by itself.</exception>
    /// <exception cref="ClusterException">The auth service cannot start, or a file cannot be imported.</exception>
    public async Task<int> RunAsync()
    {
        // 1.
        var memory = ChoosePorts(directory.Recall());
        directory.Remember(memory);
        // 2.
        await MakeCertificatesAsync(signals.Stop);
        await AuthSign.RunAsync(
            new SignRequest { DataDir = directory.Cluster, User = "teleport-event-handler", Out = directory.Identity, Ttl = IdentityTtl, ClusterName = History.ClusterName, Overwrite = true },
            time, signals.Stop);
        // 3.
        memory = await FillLogAsync(memory);
        var (inLog, firstDay) = History.Measure(directory);
        memory = await ChooseFirstDayAsync(memory, firstDay);
        directory.Remember(memory);
        await File.WriteAllTextAsync(directory.Settings, HandlerSettings.Write(plan, directory, memory), signals.Stop);
        // 4.
        using var stopServices = new CancellationTokenSource();
        var ready = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        var cluster = ClusterProcess.RunAsync(
            new ClusterPlan { DataDir = directory.Cluster, AuthAddr = $"127.0.0.1:{memory.AuthPort}", Ready = ready.SetResult }, loggers, stopServices.Token);
        try
        {
            // An auth service that cannot start ends instead of being ready.
            await await Task.WhenAny(ready.Task, cluster);
            await using var receiver = plan.Receiver is null ? await Receiver.StartAsync(directory, memory.ReceiverPort, loggers, signals.Stop) : null;
            return await RunHandlerAsync(memory, inLog, cluster);
        }
        finally
        {
            await stopServices.CancelAsync();
            await cluster.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int> RunHandlerAsync(UpMemory memory, long inLog, Task cluster)
    {
        var address = $"127.0.0.1:{memory.DiagnosticsPort}";
        await using var diagnostics = await HandlerDiagnostics.StartAsync(address, VersionCommand.Version, loggers, signals.Stop);
        var status = diagnostics.Status;
        var before = plan.Receiver is null ? Lines.Count(directory.Events) : memory.Delivered;
        using var figures = new UpFigures(status, time, inLog, before, Lines.Count(DeadLetters(memory)));
        var handler = HandlerRun.RunAsync(directory.Settings, around, signals, status, loggers, time);

        // 5.
        using var stopShowing = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop);
        var showing = view.ShowAsync(figures.Look, WhatNext(address, memory), stopShowing.Token);
        var trickle = plan.NewEvents > 0 ? new Trickle(plan, directory, figures, time).RunAsync(stopShowing.Token) : Task.CompletedTask;
        await Task.WhenAny(handler, cluster, Failing(trickle), Failing(showing));

        // 6. Whatever ended first, the others end as they would on a signal.
        if (!signals.Stop.IsCancellationRequested)
            signals.RequestStop();
        var exit = await handler;
        await stopShowing.CancelAsync();
        await Task.WhenAll(showing, trickle).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        directory.Remember(memory with { Delivered = figures.Delivered });
        var end = figures.Look();
        await around.Out.WriteLineAsync($"{UpWords.Number(end.Delivered)} of {UpWords.Number(end.InLog)} events delivered. The same command goes on from here.");

        if (new[] { cluster, trickle, showing }.FirstOrDefault(part => part.IsFaulted) is { } broken)
            throw new UpException($"a part has failed: {broken.Exception!.InnerException!.Message} ({directory.Log} may tell more)", broken.Exception);
        return exit == 0 ? 0 : throw new UpException($"the event handler has ended; {directory.Log} says why");
    }

    private UpMemory ChoosePorts(UpMemory? memory)
    {
        var free = Ports.Free(3);
        if (memory is null)
            return new UpMemory { AuthPort = free[0], ReceiverPort = free[1], DiagnosticsPort = free[2], Began = time.GetUtcNow().UtcDateTime };
        if (!Ports.IsFree(memory.AuthPort))
            throw new UpException($"port {memory.AuthPort}, where the auth service was before, is taken; free it, or give another --dir");
        return memory with
        {
            ReceiverPort = Ports.IsFree(memory.ReceiverPort) ? memory.ReceiverPort : free[1],
            DiagnosticsPort = Ports.IsFree(memory.DiagnosticsPort) ? memory.DiagnosticsPort : free[2],
        };
    }

    private async Task MakeCertificatesAsync(CancellationToken cancellation)
    {
        if (plan.Receiver is not null || File.Exists(Path.Combine(directory.Certificates, "server.crt")))
            return;
        Directory.CreateDirectory(directory.Certificates);
        var configure = new ConfigurePlan
        {
            OutDirectory = directory.Certificates,
            Ips = ["127.0.0.1"],
            KeyLength = 2048,
            // Both sides live in this folder, which is its owner's alone; a password beside its key would guard nothing.
            ReadPassword = _ => ValueTask.FromResult<byte[]?>([]),
        };
        if (await ConfigureCommand.RunAsync(configure, TextWriter.Null, around.Error, null, cancellation) != 0)
            throw new UpException("the certificates could not be made");
    }

    private async Task<UpMemory> FillLogAsync(UpMemory memory)
    {
        if (plan.Import.Count > 0 || plan.Recordings.Count > 0)
        {
            await around.Out.WriteLineAsync($"Importing {string.Join(", ", plan.Import.Concat(plan.Recordings))} …");
            var result = await History.ImportAsync(directory, plan.Import, plan.Recordings, signals.Stop);
            await around.Out.WriteLineAsync($"{UpWords.Number(result.Imported)} events, {UpWords.Number(result.Recordings)} recordings, {UpWords.Number(result.Duplicates)} known before, {UpWords.Number(result.Rejected)} lines set aside");
        }
        else if (!memory.HasHistory && plan.Events > 0)
        {
            await around.Out.WriteLineAsync($"Making up a week with {UpWords.Number(plan.Events)} events …");
            await History.GenerateAsync(plan, directory, memory.Began, signals.Stop);
        }
        return memory with { HasHistory = true };
    }

    private async Task<UpMemory> ChooseFirstDayAsync(UpMemory memory, DateTime? firstDay)
    {
        if (memory.FirstDay is null)
            return memory with { FirstDay = firstDay ?? time.GetUtcNow().UtcDateTime.Date };
        if (firstDay < memory.FirstDay)
            await around.Error.WriteLineAsync($"Events before {memory.FirstDay:yyyy-MM-dd} came after the first start and are not exported; another --dir exports them.");
        return memory;
    }

    private string DeadLetters(UpMemory memory) =>
        Path.Combine(StateDirectory.PathFor(directory.State, $"127.0.0.1:{memory.AuthPort}"), "dead-letters.ndjson");

    private IReadOnlyList<string> WhatNext(string diagnostics, UpMemory memory)
    {
        var received = plan.Receiver is { } outside
            ? $"  They went to {outside.Url} and {outside.SessionUrl}.<session id>.log"
            : $"  jq -r .event {Shown(directory.Events)} | sort | uniq -c | sort -rn | head      # recordings: {Shown(directory.Sessions)}";
        var self = Shown(Environment.ProcessPath ?? "gatehouse");
        return
        [
            "What next:",
            received,
            $"  curl -s http://{diagnostics}/metrics | grep events_sent",
            $"  {self} event-handler state show --config {Shown(directory.Settings)}",
            $"  {self} event-handler dead-letters list --config {Shown(directory.Settings)}",
            $"The auth service is at 127.0.0.1:{memory.AuthPort}, the log of all parts is {Shown(directory.Log)}",
        ];
    }

    /// <summary>Relative to where the user stands, when it is below.</summary>
    private string Shown(string path) => Path.GetRelativePath(around.Directory, path) is var relative && relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;

    /// <summary>Ends only when the task fails; its end alone is no reason to stop.</summary>
    private static async Task Failing(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!task.IsFaulted)
            await Task.Delay(Timeout.Infinite);
    }
}
