using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Lifetime;
using Gatehouse.Hosting.Logging;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Commands;

/// <summary><c>event-handler start</c>: from checked settings to the running handler.</summary>
internal static class StartCommand
{
    private const string Name = "start";

    public static CommandSpec Spec { get; } = new(Name, "Start log ingestion")
    {
        Settings = StartOptions.Settings,
        Check = (values, around, problems) => StartOptions.Plan(Name, values, around, problems),
        Examples =
        [
            "--config /etc/teleport-event-handler.toml",
            "--config teleport-event-handler.toml --start-time 2021-05-05T00:00:00Z --diag-addr 127.0.0.1:3000",
        ],
        Run = (call, _) => RunAsync(call),
    };

    private static async Task<int> RunAsync(CommandCall call)
    {
        // First: whoever sends a signal while this starts means it, too.
        using var signals = new ProcessSignals();
        var plan = StartOptions.Checked(Name, call.Values, call.Around, call.Warnings);
        var wanted = new LogSwitch(Format(plan), Level(plan));
        using var logs = ConsoleLog.Create(wanted, TimeProvider.System);
        var log = logs.CreateLogger("Gatehouse.EventHandler");
        StartOptions.LogPlan(log, plan);
        try
        {
            await using var diagnostics = await HandlerDiagnostics.StartAsync(plan.DiagAddr, VersionCommand.Version, logs, signals.Stop);
            return await new EventHandlerProcess(plan, () => Reload(call, wanted, log), signals, diagnostics.Status, logs, TimeProvider.System).RunAsync();
        }
        catch (IOException e)
        {
            return await call.FailAsync(e.Message);
        }
    }

    private static ReloadedPlan Reload(CommandCall call, LogSwitch wanted, ILogger log)
    {
        var reloaded = StartOptions.Reread(call);
        if (reloaded is not ReloadedPlan.Usable usable)
            return reloaded;
        var plan = usable.Plan;
        StartOptions.LogPlan(log, plan);
        return usable with { TakeOver = () => (wanted.Format, wanted.Minimum) = (Format(plan), Level(plan)) };
    }

    private static LogFormat Format(ExportPlan plan) => plan.LogFormat == "json" ? LogFormat.Json : LogFormat.Text;

    private static LogLevel Level(ExportPlan plan) => plan.Debug ? LogLevel.Debug : LogLevel.Information;
}
