using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Lifetime;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Up;

/// <summary>The event handler as <c>event-handler start --config FILE</c> runs it, inside this process.</summary>
internal static class HandlerRun
{
    /// <returns>Its exit status.</returns>
    /// <param name="around">Where problems of the configuration are said. Variables meant for another handler do not count here.</param>
    public static Task<int> RunAsync(
        string configuration, Surroundings around, ProcessSignals signals, EventHandlerStatus status, ILoggerFactory loggers, TimeProvider time)
    {
        var start = new CommandSpec("start", "Start log ingestion")
        {
            Settings = StartOptions.Settings,
            Check = (values, surroundings, problems) => StartOptions.Plan("start", values, surroundings, problems),
            Run = (call, _) => new EventHandlerProcess(
                StartOptions.Checked("start", call.Values, call.Around, call.Warnings), () => StartOptions.Reread(call), signals, status, loggers, time).RunAsync(),
        };
        var root = new CommandSpec("gatehouse", "The handler of gatehouse up") { Settings = StartOptions.Globals, Commands = [start] };
        return CommandRunner.RunAsync(root, ["start", "--config", configuration], around with { Variable = _ => null }, CancellationToken.None);
    }
}
