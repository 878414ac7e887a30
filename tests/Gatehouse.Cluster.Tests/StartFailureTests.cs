using System.Net;
using System.Net.Sockets;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>An address the service cannot have: one sentence for the operator, and nothing of the web server's own words.</summary>
public sealed class StartFailureTests
{
    [Fact]
    public async Task A_taken_port_is_said_once()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await ExpectRefusalAsync($"127.0.0.1:{((IPEndPoint)other.LocalEndpoint).Port}", "in use");
    }

    [Fact]
    public Task An_address_of_another_machine_is_said_once() => ExpectRefusalAsync("192.0.2.1:3025", "assign requested address");

    private static async Task ExpectRefusalAsync(string address, string reason)
    {
        using var folder = new TemporaryFolder();
        using var logged = new LoggedLines();
        var refusal = await Assert.ThrowsAsync<ClusterException>(() => ClusterProcess.RunAsync(
            new ClusterPlan { DataDir = folder["data"], AuthAddr = address, ClusterName = RunningCluster.Name }, logged, TestContext.Current.CancellationToken));
        Assert.StartsWith($"cannot listen on {address}: ", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(reason, refusal.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(logged.Lines);
    }
}
