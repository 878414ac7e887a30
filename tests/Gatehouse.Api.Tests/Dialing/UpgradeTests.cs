using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>Through a load balancer that ends TLS, which nginx is.</summary>
public sealed class UpgradeTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly TemporaryFolder folder = new();
    private readonly WebIdentity web = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        cluster.Dispose();
        folder.Dispose();
        web.Dispose();
    }

    [Theory]
    [InlineData(UpgradeKind.WebSocket)]
    [InlineData(UpgradeKind.PingFraming)]
    public async Task Auth_is_reached_by_an_upgrade_and_large_data_passes_both_ways(UpgradeKind kind)
    {
        await using var auth = new AuthPeer(cluster);
        await using var endpoint = await UpgradeEndpoint.StartAsync(kind, auth.Port, Cancellation);
        using var balancer = await Nginx.BalancerAsync(folder, endpoint.Port, web, Cancellation);
        var dialer = Dialer(balancer.Port);

        await using var stream = await dialer.ConnectAsync(Cancellation);

        Assert.Equal("connection upgrade", dialer.Way);
        Assert.Equal("hello", await AuthPeer.EchoAsync(stream, "hello", Cancellation));
        var large = new string('x', 300_000);
        Assert.Equal(large, await AuthPeer.EchoAsync(stream, large, Cancellation));
        var request = Assert.Single(endpoint.Requests);
        Assert.Equal($"localhost:{balancer.Port}", request["Host"]);
        Assert.Equal("alpn-ping", request["X-Teleport-Upgrade"]);
        Assert.Equal("alpn-ping", request["Sec-WebSocket-Protocol"]);
        Assert.Equal(["teleport-auth@6578616d706c652e74657374.teleport.cluster.local", "h2"], Assert.Single(auth.Hellos).Protocols);
    }

    [Fact]
    public async Task The_way_is_remembered_for_the_next_connection()
    {
        await using var auth = new AuthPeer(cluster);
        await using var endpoint = await UpgradeEndpoint.StartAsync(UpgradeKind.WebSocket, auth.Port, Cancellation);
        using var balancer = await Nginx.BalancerAsync(folder, endpoint.Port, web, Cancellation);
        var dialer = Dialer(balancer.Port);

        for (var i = 0; i < 2; i++)
        {
            await using var stream = await dialer.ConnectAsync(Cancellation);
            Assert.Equal("hello", await AuthPeer.EchoAsync(stream, "hello", Cancellation));
        }

        Assert.Equal(2, endpoint.Requests.Count);
        Assert.Equal("connection upgrade", dialer.Way);
    }

    [Theory]
    [InlineData(UpgradeKind.NotFound, "knows no connection upgrade (404)")]
    [InlineData(UpgradeKind.Redirect, "redirects (302)")]
    public async Task A_proxy_that_does_not_upgrade_is_named_with_the_cause(UpgradeKind kind, string reason)
    {
        await using var auth = new AuthPeer(cluster);
        await using var endpoint = await UpgradeEndpoint.StartAsync(kind, auth.Port, Cancellation);
        using var balancer = await Nginx.BalancerAsync(folder, endpoint.Port, web, Cancellation);

        var error = await Assert.ThrowsAsync<DialException>(() => Dialer(balancer.Port).ConnectAsync(Cancellation).AsTask());

        Assert.Contains(reason, Assert.Single(error.Attempts, attempt => attempt.Way == "connection upgrade").Reason, StringComparison.Ordinal);
        Assert.Equal(3, error.Attempts.Count);
    }

    [Fact]
    public async Task A_web_certificate_this_machine_does_not_trust_is_named_with_the_way_out()
    {
        await using var auth = new AuthPeer(cluster);
        await using var endpoint = await UpgradeEndpoint.StartAsync(UpgradeKind.WebSocket, auth.Port, Cancellation);
        using var balancer = await Nginx.BalancerAsync(folder, endpoint.Port, web, Cancellation);
        var dialer = new ClusterDialer($"localhost:{balancer.Port}", Source(), TimeProvider.System);

        var error = await Assert.ThrowsAsync<DialException>(() => dialer.ConnectAsync(Cancellation).AsTask());

        Assert.Contains("SSL_CERT_FILE", Assert.Single(error.Attempts, attempt => attempt.Way == "connection upgrade").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_can_forbid_the_upgrade()
    {
        await using var auth = new AuthPeer(cluster);
        await using var endpoint = await UpgradeEndpoint.StartAsync(UpgradeKind.WebSocket, auth.Port, Cancellation);
        using var balancer = await Nginx.BalancerAsync(folder, endpoint.Port, web, Cancellation);

        var error = await Assert.ThrowsAsync<DialException>(() => Dialer(balancer.Port, "other=true;localhost=false").ConnectAsync(Cancellation).AsTask());

        Assert.Contains("TELEPORT_TLS_ROUTING_CONN_UPGRADE forbids it", error.Message, StringComparison.Ordinal);
        Assert.Empty(endpoint.Requests);
    }

    private ClusterDialer Dialer(int port, string? upgrade = null) => new(
        $"localhost:{port}",
        Source(),
        TimeProvider.System,
        new DialSettings { WebRoots = web.Roots, Environment = name => name == "TELEPORT_TLS_ROUTING_CONN_UPGRADE" ? upgrade : null });

    private CredentialSource Source() => CredentialSource.FromIdentityFile(folder.Write("identity", cluster.Identity()));
}
