using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Settings;
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
            await RunWithReloadsAsync().ConfigureAwait(false);
            Log.ShutDown(_log);
            return Ok;
        }
        catch (Exception e) when (IsRefusal(e))
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

    private async Task RunWithReloadsAsync()
    {
        var current = plan;
        var export = await Export.OpenAsync(current, status, logs, time).ConfigureAwait(false);
        while (true)
        {
            ReloadedPlan.Usable? next;
            await using (export.ConfigureAwait(false))
                next = await RunUntilReloadAsync(export).ConfigureAwait(false);
            if (next is null)
                return;
            try
            {
                export = await Export.OpenAsync(next.Plan, status, logs, time).ConfigureAwait(false);
                current = next.Plan;
                next.TakeOver();
                Log.Reloaded(_log);
                TellWhatNeedsRestart(current);
            }
            catch (Exception e) when (IsRefusal(e))
            {
                // It could have been opened a moment ago; something changed under us. What ran before runs on.
                Log.NotReloaded(_log, e.Message);
                export = await Export.OpenAsync(current, status, logs, time).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The export is new, the process around it is not. Compared with what it started with, however often there were reloads since.</summary>
    private void TellWhatNeedsRestart(ExportPlan next)
    {
        if (next.DiagAddr != plan.DiagAddr)
            SettingsLog.NeedsRestart(_log, "diag-addr", plan.DiagAddr ?? "", next.DiagAddr ?? "");
    }

    /// <returns>What to go on with, or null when the export is over.</returns>
    private async Task<ReloadedPlan.Usable?> RunUntilReloadAsync(Export export)
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
            if (Accepted(export) is not { } next)
                continue;
            await export.DrainAsync(running).ConfigureAwait(false);
            await running.ConfigureAwait(false);
            return signals.Stop.IsCancellationRequested ? null : next;
        }
    }

    /// <summary>The settings as they are now; null (with the reason told) when they cannot take over.</summary>
    private ReloadedPlan.Usable? Accepted(Export export)
    {
        switch (reload())
        {
            case ReloadedPlan.Usable usable when export.RefusalOf(usable.Plan, status, logs) is { } refusal:
                Log.NotReloaded(_log, refusal);
                return null;
            case ReloadedPlan.Usable usable:
                return usable;
            case ReloadedPlan.Unusable unusable:
                Log.NotReloaded(_log, unusable.Problems);
                return null;
            case var unknown:
                throw new InvalidOperationException($"a reload nobody knows: {unknown}");
        }
    }

    private static bool IsRefusal(Exception e) => e is SourceException or ReceiverException or StateException or CredentialException or TlsFileException;
}

/// <summary>What reading the settings again gave. A closed list.</summary>
public abstract record ReloadedPlan
{
    private ReloadedPlan() { }

    public sealed record Usable(ExportPlan Plan) : ReloadedPlan
    {
        /// <summary>Applies what is not the export's but the process' own (its log), once the plan has taken over.</summary>
        public Action TakeOver { get; init; } = () => { };
    }

    /// <param name="Problems">All of them, in one text.</param>
    public sealed record Unusable(string Problems) : ReloadedPlan;
}
