using System.Net;
using System.Security.Cryptography;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>What the connections are for: HTTP/2 with many large streams at once, over every way.</summary>
public sealed class Http2Tests : IDisposable
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
    public async Task Direct_connections_carry_it()
    {
        await using var auth = await KestrelAuth.StartAsync(cluster, Cancellation);

        await ExchangeAsync(Dialer(auth.Port), "direct");
    }

    [Fact]
    public async Task Routed_connections_carry_it()
    {
        await using var auth = await KestrelAuth.StartAsync(cluster, Cancellation);
        using var proxy = await Nginx.RoutingAsync(folder, auth.Port, web, Cancellation);

        await ExchangeAsync(Dialer(proxy.Port), "TLS routing");
    }

    [Theory]
    [InlineData(UpgradeKind.WebSocket)]
    [InlineData(UpgradeKind.PingFraming)]
    public async Task Upgraded_connections_carry_it(UpgradeKind kind)
    {
        await using var auth = await KestrelAuth.StartAsync(cluster, Cancellation);
        await using var endpoint = await UpgradeEndpoint.StartAsync(kind, auth.Port, Cancellation);
        using var balancer = await Nginx.BalancerAsync(folder, endpoint.Port, web, Cancellation);

        await ExchangeAsync(Dialer(balancer.Port), "connection upgrade");
    }

    private static async Task ExchangeAsync(ClusterDialer dialer, string way)
    {
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, cancellation) => dialer.ConnectAsync(cancellation) };
        using var client = new HttpClient(handler)
        {
            Timeout = TimeSpan.FromSeconds(30),
            BaseAddress = new Uri("http://teleport.cluster.local"),
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        await Task.WhenAll(Enumerable.Range(0, 12).Select(async number =>
        {
            var body = RandomNumberGenerator.GetBytes(200_000 + number);
            using var answer = await client.PostAsync(new Uri("/echo", UriKind.Relative), new ByteArrayContent(body), Cancellation);
            Assert.Equal("teleport-event-handler", answer.Headers.GetValues("x-client").Single());
            Assert.Equal(body, await answer.Content.ReadAsByteArrayAsync(Cancellation));
        }));

        Assert.Equal(way, dialer.Way);
    }

    private ClusterDialer Dialer(int port) => new(
        $"localhost:{port}",
        CredentialSource.FromIdentityFile(folder.Write("identity", cluster.Identity())),
        TimeProvider.System,
        new DialSettings { WebRoots = web.Roots, Environment = _ => null });
}
