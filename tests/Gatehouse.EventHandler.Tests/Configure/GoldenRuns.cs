using System.Collections.Concurrent;
using Gatehouse.EventHandler.Configure;
using Gatehouse.Testing;

namespace Gatehouse.EventHandler.Tests.Configure;

/// <summary>Our runs with the arguments of the captures, each made once: keys of 4096 bits take their time.</summary>
public sealed class GoldenRuns : IDisposable
{
    private readonly ConcurrentDictionary<string, (TemporaryFolder Folder, Lazy<Task<ConfigureRun>> Run)> runs = new();

    internal async Task<(TemporaryFolder Folder, ConfigureRun Run)> Of(string name)
    {
        var (folder, run) = runs.GetOrAdd(name, static name =>
        {
            var folder = new TemporaryFolder();
            return (folder, new Lazy<Task<ConfigureRun>>(() => ConfigureRun.Of(PlanOf(name, folder))));
        });
        return (folder, await run.Value);
    }

    public void Dispose()
    {
        foreach (var (folder, _) in runs.Values)
            folder.Dispose();
    }

    private static ConfigurePlan PlanOf(string name, TemporaryFolder folder) => name switch
    {
        "defaults" => ConfigureRun.Plan(folder) with { KeyLength = 4096 },
        "custom" => ConfigureRun.Plan(folder, "secret pass") with
        {
            Addr = "proxy.example.com:443",
            CaName = "myca",
            ServerName = "mysrv",
            ClientName = "mycli",
            KeyLength = 2048,
            DnsNames = ["forwarder.example.com", "*.fwd.example.com"],
            Ips = ["10.1.2.3", "2001:db8::1"],
            Ttl = TimeSpan.FromHours(24),
        },
        _ => ConfigureRun.Plan(folder, ""),
    };
}
