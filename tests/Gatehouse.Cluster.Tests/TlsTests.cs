using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Gatehouse.Cluster.Auth;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

public sealed class TlsTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await RunningCluster.StartAsync(_folder["data"]);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task OpenSSL_sees_the_names_the_chain_and_both_authorities()
    {
        var openssl = Peer.Require("openssl");
        var pair = await _cluster.KeyPairAsync("teleport-event-handler");
        foreach (var version in new[] { "-tls1_2", "-tls1_3" })
        {
            var said = await ConnectAsync(openssl, version, "-CAfile", pair + ".cas", "-verify_return_error", "-verify_hostname", "teleport.cluster.local", "-cert", pair + ".crt", "-key", pair + ".key");
            Assert.Contains("ALPN protocol: h2", said.Output, StringComparison.Ordinal);
            Assert.Contains("Verify return code: 0 (ok)", said.Output, StringComparison.Ordinal);
            var authorities = said.Output[said.Output.IndexOf("Acceptable client certificate CA names", StringComparison.Ordinal)..].Split('\n').Skip(1).Take(2).ToList();
            Assert.All(authorities, line => Assert.Contains("O = example.test, CN = example.test, serialNumber = ", line, StringComparison.Ordinal));
            Assert.Equal(2, authorities.Distinct().Count());
        }
        var certificate = await ConnectAsync(openssl, "-showcerts");
        var text = (await Programs.RunAsync(openssl, ["x509", "-noout", "-text"], certificate.Output)).Output;
        Assert.Contains("DNS:*.teleport.cluster.local, DNS:teleport.cluster.local", text, StringComparison.Ordinal);
        Assert.Contains("IP Address:127.0.0.1", text, StringComparison.Ordinal);
        Assert.Contains("CN = ", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_alpn_of_tls_routing_is_answered_with_h2()
    {
        var openssl = Peer.Require("openssl");
        var said = await ConnectAsync(openssl, "-alpn", "teleport-auth@6578616d706c652e74657374.teleport.cluster.local,h2", "-servername", "6578616d706c652e74657374.teleport.cluster.local");
        Assert.Contains("ALPN protocol: h2", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_version_of_tls_is_refused()
    {
        var openssl = Peer.Require("openssl");
        var said = await ConnectAsync(openssl, "-tls1_1", "-cipher", "ALL@SECLEVEL=0");
        Assert.NotEqual(0, said.ExitCode);
    }

    [Fact]
    public async Task Junk_on_the_port_gets_no_answer_and_hurts_nobody()
    {
        var cancellation = TestContext.Current.CancellationToken;
        foreach (var junk in new[] { "SSH-2.0-Go\r\n", "GET /webapi/find HTTP/1.1\r\nHost: x\r\n\r\n", "\0\u0001\u0002garbage", "" })
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(_cluster.Address, cancellation);
            var stream = socket.GetStream();
            await stream.WriteAsync(Encoding.Latin1.GetBytes(junk), cancellation);
            socket.Client.Shutdown(SocketShutdown.Send);
            var answer = new byte[256];
            try
            {
                // A TLS alert may come for what is no hello; nothing that speaks HTTP or SSH does.
                var length = await stream.ReadAsync(answer, cancellation);
                Assert.True(length <= 7, Encoding.Latin1.GetString(answer, 0, length));
            }
            catch (IOException)
            {
                // Reset: no answer either.
            }
        }
        using (var hello = new SslStream(await OpenAsync(cancellation)))
        {
            // What the Go library does for /webapi/find: it looks at the server's certificate and leaves.
            await Assert.ThrowsAnyAsync<AuthenticationException>(() => hello.AuthenticateAsClientAsync("127.0.0.1"));
        }
        var line = Assert.Single((await Programs.ApiClientAsync(_cluster, "ping", Programs.Identity(await _cluster.IdentityAsync("teleport-event-handler")))).LinesOf("ping"));
        Assert.Equal(RunningCluster.Name, (string?)line["cluster"]);
    }

    [Fact]
    public async Task An_expired_certificate_is_refused_and_the_refusal_logged()
    {
        var pair = _folder["expired"];
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-5));
        // The authority is older than the certificate.
        await AuthSign.RunAsync(
            new SignRequest { DataDir = _cluster.DataDir, User = "late", Out = pair, Format = CredentialFormat.Tls, Roles = ["auditor"], Ttl = TimeSpan.FromMinutes(2) },
            clock, TestContext.Current.CancellationToken);
        await AssertRefusedAsync(pair, "late", "the certificate expired at ");
    }

    [Fact]
    public async Task A_certificate_of_another_cluster_of_the_same_name_is_refused_and_the_refusal_logged()
    {
        Directory.CreateDirectory(_folder["other"]);
        var pair = await RunningCluster.SignAsync(_folder["other", "data"], "stranger", CredentialFormat.Tls, "editor");
        var ours = await _cluster.KeyPairAsync("teleport-event-handler");
        File.Copy(ours + ".cas", pair + ".cas", overwrite: true);
        await AssertRefusedAsync(pair, "stranger", "the certificate is not signed by this cluster's user authority");
    }

    private async Task AssertRefusedAsync(string pair, string user, string reason)
    {
        var said = await Programs.ApiClientAsync(_cluster, "ping", Programs.KeyPair(pair), "--timeout", "3s");
        Assert.NotEqual(0, said.ExitCode);
        var auditor = Programs.KeyPair(await _cluster.KeyPairAsync("auditor", "auditor"));
        var logged = (await Programs.ApiClientAsync(_cluster, "events", auditor, "--from", "-1h", "--to", "1h", "--types", "auth")).LinesOf("events");
        var line = Assert.Single(logged)["event"]!;
        Assert.Equal("T3007W", (string?)line["code"]);
        Assert.Equal(user, (string?)line["user"]);
        Assert.False((bool)line["success"]!);
        Assert.StartsWith(reason, (string?)line["error"], StringComparison.Ordinal);
    }

    private Task<Said> ConnectAsync(string openssl, params string[] arguments)
    {
        string[] common = ["s_client", "-connect", _cluster.Address.ToString()];
        string[] defaults = arguments.Contains("-alpn") ? [] : ["-alpn", "h2", "-servername", "teleport.cluster.local"];
        return Programs.RunAsync(openssl, [.. common, .. defaults, .. arguments]);
    }

    private async Task<NetworkStream> OpenAsync(CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_cluster.Address, cancellation);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
