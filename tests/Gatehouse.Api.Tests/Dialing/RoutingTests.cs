using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>Through a proxy that routes by ALPN, which nginx stands for.</summary>
public sealed class RoutingTests : IDisposable
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

    [Fact]
    public async Task Auth_is_reached_behind_a_proxy_and_the_way_is_remembered()
    {
        await using var auth = new AuthPeer(cluster);
        using var proxy = await Nginx.RoutingAsync(folder, auth.Port, web, Cancellation);
        var dialer = Dialer(proxy.Port);

        await using (var stream = await dialer.ConnectAsync(Cancellation))
            Assert.Equal("hello", await AuthPeer.EchoAsync(stream, "hello", Cancellation));
        Assert.Equal("TLS routing", dialer.Way);

        await using (var stream = await dialer.ConnectAsync(Cancellation))
            Assert.Equal("again", await AuthPeer.EchoAsync(stream, "again", Cancellation));
        Assert.Equal(2, auth.Clients.Count);
    }

    [Fact]
    public async Task A_credential_without_SSH_material_passes_a_proxy_too()
    {
        await using var auth = new AuthPeer(cluster);
        using var proxy = await Nginx.RoutingAsync(folder, auth.Port, web, Cancellation);
        var dialer = new ClusterDialer($"localhost:{proxy.Port}", Source(ssh: false), TimeProvider.System);

        await using var stream = await dialer.ConnectAsync(Cancellation);

        Assert.Equal("hello", await AuthPeer.EchoAsync(stream, "hello", Cancellation));
    }

    [Fact]
    public async Task A_credential_of_another_cluster_says_which_CA_was_met()
    {
        using var other = new TestCluster("other.test");
        await using var auth = new AuthPeer(other);
        using var proxy = await Nginx.RoutingAsync(folder, auth.Port, web, Cancellation);

        var error = await Assert.ThrowsAsync<DialException>(() => Dialer(proxy.Port).ConnectAsync(Cancellation).AsTask());

        Assert.StartsWith($"all connection methods failed for localhost:{proxy.Port}: ", error.Message, StringComparison.Ordinal);
        var direct = Assert.Single(error.Attempts, attempt => attempt.Way == "direct").Reason;
        Assert.Contains("issued by CN=web listener, for localhost, 127.0.0.1", direct, StringComparison.Ordinal);
        Assert.Contains("a web proxy or load balancer answers there", direct, StringComparison.Ordinal);
        var routed = Assert.Single(error.Attempts, attempt => attempt.Way == "TLS routing").Reason;
        Assert.Contains("other.test", routed, StringComparison.Ordinal);
    }

    private ClusterDialer Dialer(int port) => new($"localhost:{port}", Source(), TimeProvider.System);

    private CredentialSource Source(bool ssh = true) => CredentialSource.FromIdentityFile(folder.Write("identity", cluster.Identity(ssh: ssh)));
}
