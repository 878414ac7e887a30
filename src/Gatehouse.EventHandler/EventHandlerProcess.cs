using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Gatehouse.Api.Credentials;
using Gatehouse.Hosting.Lifetime;
using Gatehouse.Hosting.Tls;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

/// <summary>
/// <c>start</c>, from a checked plan to an exit status: runs the export, replaces it whole on HUP, and ends it on TERM and INT.
/// </summary>
/// <param name="reload">Reads and checks the settings again; null (with a reason told) leaves the old plan in force.</param>
public sealed class EventHandlerProcess(
    ExportPlan plan, Func<ReloadedPlan> reload, ProcessSignals signals, EventHandlerStatus status, ILoggerFactory logs, TimeProvider time)
{
    private const int Ok = 0;
    private const int Failed = 1;

    private readonly ILogger _log = logs.CreateLogger("Gatehouse.EventHandler");

    /// <returns>Exit status: 0 when it was told to stop or had caught up and should, 1 when it makes no sense to go on.</returns>
    public async Task<int> RunAsync()
    {
        if (plan.DryRun)
            Log.DryRun(_log);
        try
        {
            for (var current = plan; ;)
            {
                if (await RunUntilReloadAsync(current).ConfigureAwait(false) is not { } next)
                    break;
                current = next;
            }
            Log.ShutDown(_log);
            return Ok;
        }
        catch (Exception e) when (e is SourceException or StateException or CredentialException or TlsFileException)
        {
            Log.Fatal(_log, e.Message);
            return Failed;
        }
        catch (Exception e)
        {
            Log.Crashed(_log, e);
            return Failed;
        }
    }

    /// <returns>The plan to go on with, or null when the export is over.</returns>
    private async Task<ExportPlan?> RunUntilReloadAsync(ExportPlan current)
    {
        var export = await Export.OpenAsync(current, status, logs, time).ConfigureAwait(false);
        await using (export.ConfigureAwait(false))
        {
            var running = export.RunAsync(signals.Stop);
            while (true)
            {
                using var noLonger = new CancellationTokenSource();
                var hup = signals.WaitForReloadAsync(noLonger.Token);
                if (await Task.WhenAny(running, hup).ConfigureAwait(false) == running)
                {
                    await noLonger.CancelAsync().ConfigureAwait(false);
                    await running.ConfigureAwait(false);
                    return null;
                }
                Log.Reloading(_log);
                switch (reload())
                {
                    case ReloadedPlan.Unusable unusable:
                        Log.NotReloaded(_log, unusable.Problems);
                        continue;
                    case ReloadedPlan.Usable usable:
                        await export.StopAsync().ConfigureAwait(false);
                        await running.ConfigureAwait(false);
                        Log.Reloaded(_log);
                        return signals.Stop.IsCancellationRequested ? null : usable.Plan;
                }
            }
        }
    }
}

/// <summary>What reading the settings again gave. A closed list.</summary>
public abstract record ReloadedPlan
{
    private ReloadedPlan() { }

    public sealed record Usable(ExportPlan Plan) : ReloadedPlan;

    /// <param name="Problems">All of them, in one text.</param>
    public sealed record Unusable(string Problems) : ReloadedPlan;
}
