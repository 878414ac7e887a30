using System.Net;
using System.Net.Sockets;
using System.Text;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>Failures, and the words for them.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly TemporaryFolder folder = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        cluster.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task An_expired_certificate_is_told_at_the_first_read_with_its_date()
    {
        using var server = await OpenSslServer.StartAsync(cluster, folder, "-tls1_3", Cancellation);
        var end = new DateTimeOffset(DateTime.UtcNow.Date.AddHours(-3), TimeSpan.Zero);
        await using var stream = await Dialer(server.Address, cluster.Identity(notAfter: end)).ConnectAsync(Cancellation);

        var error = await Assert.ThrowsAsync<IOException>(() => AuthPeer.EchoAsync(stream, "x\n", Cancellation));

        Assert.Contains($"the cluster refused the client certificate: it expired on {end:yyyy-MM-dd HH:mm:ss} +0000 UTC", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_certificate_is_told_in_the_handshake_of_TLS_1_2()
    {
        using var server = await OpenSslServer.StartAsync(cluster, folder, "-tls1_2", Cancellation);

        var error = await Assert.ThrowsAsync<DialException>(
            () => Dialer(server.Address, cluster.Identity(notAfter: DateTimeOffset.UtcNow.AddHours(-3))).ConnectAsync(Cancellation).AsTask());

        // Auth itself was met, so no connection upgrade is tried.
        Assert.Equal(2, error.Attempts.Count);
        Assert.DoesNotContain(error.Attempts, attempt => attempt.Way == "connection upgrade");
        Assert.All(error.Attempts, attempt => Assert.Contains("it expired on", attempt.Reason, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task A_certificate_of_an_unknown_user_CA_is_sent_nevertheless_and_its_refusal_told(string version)
    {
        using var server = await OpenSslServer.StartAsync(cluster, folder, version, Cancellation);
        // Same host CA, other user CA: what is left after a rotation.
        using var old = new TestCluster();
        var identity = old.Identity().Replace(old.HostCa.ExportCertificatePem(), cluster.HostCa.ExportCertificatePem(), StringComparison.Ordinal);

        var error = await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var stream = await Dialer(server.Address, identity).ConnectAsync(Cancellation);
            await AuthPeer.EchoAsync(stream, "x\n", Cancellation);
        });

        Assert.Contains("it does not know the CA that signed it", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_openssl_server_answers_a_good_certificate()
    {
        using var server = await OpenSslServer.StartAsync(cluster, folder, "-tls1_3", Cancellation);
        await using var stream = await Dialer(server.Address, cluster.Identity()).ConnectAsync(Cancellation);

        await stream.WriteAsync("hello\n"u8.ToArray(), Cancellation);
        var answer = new byte[6];
        await stream.ReadExactlyAsync(answer, Cancellation);

        Assert.Equal("olleh\n", Encoding.ASCII.GetString(answer));
    }

    [Fact]
    public async Task A_server_of_another_cluster_is_named_with_the_CA_it_has()
    {
        using var other = new TestCluster("other.test");
        await using var auth = new AuthPeer(other);

        var error = await FailureOf(auth.Address, cluster.Identity());

        Assert.Contains("the server's certificate is not from the cluster's CA", error.Message, StringComparison.Ordinal);
        Assert.Contains("O=other.test", error.Message, StringComparison.Ordinal);
        Assert.Contains("credential is of another cluster", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_with_another_name_is_told_with_the_names_it_has()
    {
        await using var auth = new AuthPeer(cluster, cluster.Server("node7.example.test"));

        var error = await FailureOf(auth.Address, cluster.Identity());

        Assert.Contains("the server's certificate is valid for node7.example.test, not teleport.cluster.local", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_where_nothing_listens_is_one_reason_for_both_ways()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var address = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        listener.Stop();

        var error = await FailureOf(address, cluster.Identity());

        Assert.Contains($": connection to {address} refused: nothing listens there", error.Message, StringComparison.Ordinal);
        Assert.Single(error.Attempts.Select(attempt => attempt.Reason).Distinct());
    }

    [Fact]
    public async Task A_host_name_nobody_knows_is_said_to_be_one()
    {
        var error = await FailureOf("nosuch.invalid:3025", cluster.Identity());

        Assert.Contains("host name nosuch.invalid ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("localhost", "address localhost: missing port in address")]
    [InlineData("", "missing port in address")]
    [InlineData("https://localhost:3080", "address https://localhost:3080: too many colons in address")]
    [InlineData("localhost:http", "address localhost:http: \"http\" is no port")]
    [InlineData("[::1]", "address [::1]: missing port in address")]
    public async Task An_address_that_is_none_is_refused_in_upstreams_words(string address, string words) =>
        Assert.StartsWith(words, (await FailureOf(address, cluster.Identity())).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_port_that_speaks_no_TLS_is_told(string greeting)
    {
        await using var peer = new ScriptedPeer(greeting, close: true);

        var error = await FailureOf(peer.Address, cluster.Identity());

        Assert.Contains("does not speak TLS", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_peer_that_hangs_up_is_told()
    {
        await using var peer = new ScriptedPeer("", close: true);

        var error = await FailureOf(peer.Address, cluster.Identity());

        Assert.Contains("closed the connection during the TLS handshake", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_silent_peer_ends_at_the_time_limit_with_the_step_it_was_at()
    {
        await using var peer = new ScriptedPeer("", close: false);
        var time = new FakeTimeProvider();
        var run = new DialRun(DialWay.Direct, new ClusterAddress("127.0.0.1", peer.Port), Source(cluster.Identity()).Current, new DialSettings(), time).RunAsync(Cancellation);
        await peer.Greeted;

        time.Advance(TimeSpan.FromSeconds(15));

        var outcome = await run;
        Assert.Equal("no answer within 15 s while waiting for the TLS handshake", outcome.Reason);
        Assert.Equal(Met.Stranger, outcome.Met);
    }

    [Fact]
    public async Task Cancellation_ends_it_at_once()
    {
        await using var peer = new ScriptedPeer("", close: false);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var connecting = Dialer(peer.Address, cluster.Identity()).ConnectAsync(stop.Token).AsTask();
        await peer.Greeted;

        await stop.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connecting);
    }

    [Fact]
    public async Task A_way_refused_at_its_first_read_comes_after_the_others()
    {
        using var server = await OpenSslServer.StartAsync(cluster, folder, "-tls1_3", Cancellation);
        var source = Source(cluster.Identity(notAfter: DateTimeOffset.UtcNow.AddHours(-3)));
        var dialer = new ClusterDialer(server.Address, source, TimeProvider.System);
        var ways = new List<string?>();

        for (var i = 0; i < 2; i++)
        {
            await using var stream = await dialer.ConnectAsync(Cancellation);
            ways.Add(dialer.Way);
            await Assert.ThrowsAsync<IOException>(() => AuthPeer.EchoAsync(stream, "x\n", Cancellation));
        }

        Assert.Equal(2, ways.Distinct().Count());
    }

    [Fact]
    public async Task A_server_of_TLS_1_1_alone_is_told()
    {
        await using var peer = new ScriptedPeer(Convert.FromHexString("15030100020246"), close: true);

        var error = await FailureOf(peer.Address, cluster.Identity());

        Assert.Contains("TLS versions older than 1.2", error.Message, StringComparison.Ordinal);
    }

    private async Task<DialException> FailureOf(string address, string identity) =>
        await Assert.ThrowsAsync<DialException>(() => Dialer(address, identity).ConnectAsync(Cancellation).AsTask());

    private CredentialSource Source(string identity) => CredentialSource.FromIdentityFile(folder.Write("identity", identity));

    private ClusterDialer Dialer(string address, string identity) =>
        new(address, Source(identity), TimeProvider.System, new DialSettings { Environment = _ => null });
}
