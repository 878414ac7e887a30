using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Check;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Logging;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Commands;

/// <summary><c>event-handler check</c>: takes the settings of <c>start</c>, says what they come to, and tries them without exporting anything.</summary>
internal static class CheckCommand
{
    private const string Name = "check";

    public static CommandSpec Spec { get; } = new(Name, "Check the settings, the cluster and the receiver")
    {
        Settings = StartOptions.Settings,
        Check = (values, around, problems) => StartOptions.Plan(Name, values, around, problems),
        Examples = ["--config /etc/teleport-event-handler.toml"],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        var plan = StartOptions.Checked(Name, call.Values, call.Around, call.Warnings);
        foreach (var setting in plan.Settings.Where(setting => setting.Origin.Level != SettingLevel.Default))
            await call.Out.WriteLineAsync($"{setting.Name} = {setting.Value}  ({setting.Origin})");
        await call.WarnAsync();
        using var logs = ConsoleLog.Create(LogFormat.Text, plan.Debug ? LogLevel.Debug : LogLevel.Error, TimeProvider.System);
        var findings = await ConnectionCheck.RunAsync(plan, logs, TimeProvider.System, cancellation);
        await call.Out.WriteLineAsync();
        foreach (var finding in findings)
            await call.Out.WriteLineAsync($"{(finding.Works ? "ok  " : "FAIL")} {finding.What}: {finding.Text}");
        return findings.All(finding => finding.Works) ? 0 : 1;
    }
}
