using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Settings;
using Gatehouse.EventHandler.State;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary><c>event-handler state</c>: what the handler remembers, and the way back to upstream's handler.</summary>
internal static class StateCommands
{
    public static CommandSpec Spec { get; } = new("state", "The position in the audit log")
    {
        Commands =
        [
            new CommandSpec("show", "Show what is remembered; the handler may be running")
            {
                Settings = [.. StartOptions.StateSettings, new("format", SettingType.Text, "text or json") { Default = "text", Choices = ["text", "json"], InFile = false }],
                Check = (values, around, problems) => StartOptions.PlanState(values, around, problems),
                Examples = ["--config /etc/teleport-event-handler.toml"],
                Run = ShowAsync,
            },
            new CommandSpec("export-upstream", "Write the position back in the layout of teleport-event-handler; the handler must be stopped")
            {
                Settings =
                [
                    .. StartOptions.StateSettings,
                    new("out", SettingType.Text, "New or empty directory to write to; the state directory itself when not set") { Placeholder = "DIR", InFile = false },
                ],
                Check = (values, around, problems) => StartOptions.PlanState(values, around, problems),
                Examples = ["--config /etc/teleport-event-handler.toml"],
                Run = ExportAsync,
            },
        ],
    };

    private static async Task<int> ShowAsync(CommandCall call, CancellationToken cancellation)
    {
        await call.WarnAsync();
        try
        {
            var report = StateReport.Read(Directory(call), TimeProvider.System);
            await call.Out.WriteAsync(call.Values.Text("format") == "json" ? report.ToJson() + "\n" : report.ToText());
            return 0;
        }
        catch (StateException failure)
        {
            return await call.FailAsync(failure.Message);
        }
    }

    private static async Task<int> ExportAsync(CommandCall call, CancellationToken cancellation)
    {
        await call.WarnAsync();
        var directory = Directory(call);
        try
        {
            var target = call.Values.Text("out") is { Length: > 0 } wanted ? call.Around.Absolute(wanted) : null;
            foreach (var line in UpstreamExport.Run(directory, target, TimeProvider.System))
                await call.Out.WriteLineAsync(line);
            return 0;
        }
        catch (Exception failure) when (failure is StateException or IOException or UnauthorizedAccessException)
        {
            return await call.FailAsync(failure.Message);
        }
    }

    private static string Directory(CommandCall call) => StartOptions.PlanState(call.Values, call.Around, new ProblemList())!;
}
