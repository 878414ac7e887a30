using System.Security.Authentication;
using System.Security.Cryptography;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Dialing;

public sealed class DirectTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        cluster.Dispose();
        folder.Dispose();
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("p256")]
    [InlineData("p384")]
    public async Task Auth_is_reached_with_each_kind_of_key(string kind)
    {
        await using var auth = new AuthPeer(cluster);
        using AsymmetricAlgorithm key = kind switch
        {
            "rsa" => RSA.Create(2048),
            "p256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            _ => ECDsa.Create(ECCurve.NamedCurves.nistP384),
        };
        var dialer = Dialer(auth.Address, cluster.Identity(key));

        await using var stream = await dialer.ConnectAsync(Cancellation);

        Assert.Equal("hello", await AuthPeer.EchoAsync(stream, "hello", Cancellation));
        Assert.Equal("direct", dialer.Way);
        Assert.All(auth.Clients, client => Assert.Contains("CN=teleport-event-handler", client, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_hello_has_the_name_and_protocol_of_the_real_client()
    {
        await using var auth = new AuthPeer(cluster);
        await using var stream = await Dialer(auth.Address, cluster.Identity()).ConnectAsync(Cancellation);
        await AuthPeer.EchoAsync(stream, "x", Cancellation);

        var hello = Assert.Single(auth.Hellos, hello => hello.ServerName == "teleport.cluster.local");
        Assert.Equal(["h2"], hello.Protocols);
        Assert.Equal([0x304, 0x303], hello.Versions);
    }

    [Fact]
    public async Task The_other_hello_asks_a_proxy_to_route_to_auth()
    {
        await using var auth = new AuthPeer(cluster);
        var run = new DialRun(DialWay.TlsRouting, Address(auth), Source(cluster.Identity()).Current, new DialSettings(), TimeProvider.System);

        await using var stream = (await run.RunAsync(Cancellation)).Stream!;
        await AuthPeer.EchoAsync(stream, "x", Cancellation);

        var hello = Assert.Single(auth.Hellos);
        Assert.Equal("6578616d706c652e74657374.teleport.cluster.local", hello.ServerName);
        Assert.Equal(["teleport-auth@6578616d706c652e74657374.teleport.cluster.local", "h2"], hello.Protocols);
    }

    [Fact]
    public async Task A_cluster_name_too_long_for_a_host_name_goes_by_ALPN_alone()
    {
        using var other = new TestCluster("a-cluster-with-a-name-of-many-letters.example.test");
        await using var auth = new AuthPeer(other);
        var run = new DialRun(DialWay.TlsRouting, Address(auth), Source(other.Identity()).Current, new DialSettings(), TimeProvider.System);

        var outcome = await run.RunAsync(Cancellation);
        Assert.Equal("", outcome.Reason);
        await using var stream = outcome.Stream!;
        await AuthPeer.EchoAsync(stream, "x", Cancellation);

        var hello = Assert.Single(auth.Hellos);
        Assert.Equal("teleport.cluster.local", hello.ServerName);
        Assert.StartsWith("teleport-auth@612d636c7573746572", hello.Protocols[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task TLS_1_2_works()
    {
        await using var auth = new AuthPeer(cluster, protocols: SslProtocols.Tls12);
        await using var stream = await Dialer(auth.Address, cluster.Identity()).ConnectAsync(Cancellation);

        Assert.Equal("hello", await AuthPeer.EchoAsync(stream, "hello", Cancellation));
    }

    private static ClusterAddress Address(AuthPeer auth) => new("127.0.0.1", auth.Port);

    private CredentialSource Source(string identity) => CredentialSource.FromIdentityFile(folder.Write("identity", identity));

    private ClusterDialer Dialer(string address, string identity) => new(address, Source(identity), TimeProvider.System);
}
