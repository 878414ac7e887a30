using Gatehouse.Cluster;
using Gatehouse.Hosting.Lifetime;
using Gatehouse.Hosting.Logging;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Commands;

/// <summary><c>gatehouse start</c>: the auth service.</summary>
internal static class ClusterStartCommand
{
    public static CommandSpec Spec { get; } = new("start", "Start the auth service of a cluster")
    {
        Settings =
        [
            ClusterSettings.DataDir,
            new("auth-addr", SettingType.Text, "Address to listen on; port 0 takes a free one")
            {
                Default = "127.0.0.1:3025",
                Environment = ["GATEHOUSE_AUTH_ADDR"],
            },
            ClusterSettings.ClusterName,
            ClusterSettings.Debug,
            ClusterSettings.LogFormat,
        ],
        Examples = ["--data-dir /var/lib/gatehouse --auth-addr 0.0.0.0:3025"],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        var values = call.Values;
        var level = values.Switch("debug") ? LogLevel.Debug : LogLevel.Information;
        using var loggers = ConsoleLog.Create(values.Text("log-format") == "json" ? LogFormat.Json : LogFormat.Text, level, TimeProvider.System);
        using var signals = new ProcessSignals();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop, cancellation);
        try
        {
            await ClusterProcess.RunAsync(
                new ClusterPlan
                {
                    DataDir = call.Around.Absolute(values.Text("data-dir")!),
                    AuthAddr = values.Text("auth-addr")!,
                    ClusterName = values.Text("cluster-name"),
                },
                loggers,
                stop.Token);
            return 0;
        }
        catch (ClusterException failure)
        {
            return await call.FailAsync(failure.Message);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return await call.FailAsync(
                $"cannot use data directory {values.Text("data-dir")}: {failure.Message} Everything in it must belong to the user the auth service runs as");
        }
    }
}
