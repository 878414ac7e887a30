using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Gatehouse.Hosting.Tls;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Tls;

public sealed class ClientTlsTests : IDisposable
{
    private readonly TlsFolder _files = new();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task A_renewed_certificate_is_used_for_the_next_connection()
    {
        var tls = Client("first", _files.Issue("first", server: false));
        Assert.Equal("CN=first", (await ShakeHandsAsync(tls)).Subject);
        Replace(_files.Issue("second", server: false));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("CN=second", (await ShakeHandsAsync(tls)).Subject);
    }

    [Fact]
    public async Task Half_a_renewal_keeps_the_old_one_until_the_other_half_is_there()
    {
        var tls = Client("first", _files.Issue("first", server: false));
        var second = _files.Issue("second", server: false);
        _files.Write("client.crt", second.ExportCertificatePem());
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("CN=first", (await ShakeHandsAsync(tls)).Subject);
        Replace(second);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("CN=second", (await ShakeHandsAsync(tls)).Subject);
    }

    [Fact]
    public async Task A_swapped_link_as_kubernetes_makes_it_is_noticed()
    {
        foreach (var name in new[] { "first", "second" })
        {
            Directory.CreateDirectory(_files.PathOf(name));
            var certificate = _files.Issue(name, server: false);
            _files.Write(name + "/client.crt", certificate.ExportCertificatePem());
            _files.Write(name + "/client.key", KeyOf(certificate));
        }
        Directory.CreateSymbolicLink(_files.PathOf("..data"), "first");
        File.CreateSymbolicLink(_files.PathOf("client.crt"), "..data/client.crt");
        File.CreateSymbolicLink(_files.PathOf("client.key"), "..data/client.key");
        var tls = new ClientTls(new TlsFiles(_files.Ca, _files.PathOf("client.crt"), _files.PathOf("client.key")), _time, NullLogger.Instance);
        Assert.Equal("CN=first", (await ShakeHandsAsync(tls)).Subject);
        Directory.Delete(_files.PathOf("..data"));
        Directory.CreateSymbolicLink(_files.PathOf("..data"), "second");
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("CN=second", (await ShakeHandsAsync(tls)).Subject);
    }

    [Fact]
    public async Task What_leads_to_the_authority_is_sent_with_the_certificate()
    {
        using var between = _files.IssueAuthority("between");
        var own = _files.Issue("client", server: false, by: between);
        var tls = Client("client", own, own.ExportCertificatePem() + "\n" + between.ExportCertificatePem());
        var (_, chain) = await ShakeHandsWithChainAsync(tls, _files.Server);
        Assert.Contains("CN=between", chain);
    }

    [Fact]
    public async Task An_authority_below_another_is_trusted_when_it_is_in_the_file()
    {
        using var between = _files.IssueAuthority("between");
        var tls = new ClientTls(new TlsFiles(_files.Write("between.crt", between.ExportCertificatePem()), null, null), _time, NullLogger.Instance);
        using var server = _files.Issue("localhost", server: true, by: between);
        await ShakeHandsWithChainAsync(tls, server);
        // And only what it signed.
        var refusal = await Assert.ThrowsAsync<AuthenticationException>(() => ShakeHandsWithChainAsync(tls, _files.Server));
        Assert.Contains("unknown authority", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_hello_names_the_host_as_upstreams_does_but_never_an_address()
    {
        using var golden = JsonDocument.Parse(await File.ReadAllTextAsync(Repository.PathOf("tests", "data", "handler-golden", "tls-client-hello.json"), Stop));
        var tls = new ClientTls(new TlsFiles(_files.Ca, null, null), _time, NullLogger.Instance);
        Assert.Equal(golden.RootElement[0].GetProperty("sni").GetString(), await NameInHelloAsync(tls, "localhost"));
        Assert.Equal("", await NameInHelloAsync(tls, "127.0.0.1"));
    }

    [Fact]
    public void Files_that_cannot_be_used_are_named()
    {
        var certificate = _files.Issue("a", server: false);
        var cert = _files.Write("a.crt", certificate.ExportCertificatePem());
        var key = _files.Write("a.key", KeyOf(certificate));
        var other = _files.Write("b.key", KeyOf(_files.Issue("b", server: false)));
        Assert.Equal("both fluentd_cert and fluentd_key should be specified", Refusal(new TlsFiles(null, cert, null)));
        Assert.Equal("both fluentd_cert and fluentd_key should be specified", Refusal(new TlsFiles(null, null, key)));
        Assert.Equal($"tls: private key does not match public key: {other} is not the key of {cert}", Refusal(new TlsFiles(null, cert, other)));
        Assert.Equal($"{key}: there is no certificate in it", Refusal(new TlsFiles(key, null, null)));
        Assert.Equal($"{key}: there is no certificate in it", Refusal(new TlsFiles(null, key, key)));
        Assert.StartsWith(_files.PathOf("absent"), Refusal(new TlsFiles(_files.PathOf("absent"), null, null)), StringComparison.Ordinal);
        var damaged = _files.Write("damaged.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        Assert.StartsWith($"{damaged}: a certificate in it is damaged", Refusal(new TlsFiles(damaged, null, null)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-tls1_2")]
    [InlineData("-tls1_3")]
    public async Task No_session_is_resumed(string version)
    {
        // OpenSSL's own server says of each connection whether its session is new.
        const string Accepting = "ACCEPT ";
        _files.Write("server.crt", _files.Server.ExportCertificatePem());
        _files.Write("server.key", KeyOf(_files.Server));
        using var server = await PeerProcess.StartAsync(
            Peer.Require("openssl"),
            _files.Folder,
            ["s_server", "-accept", "127.0.0.1:0", "-cert", "server.crt", "-key", "server.key", "-CAfile", _files.Ca, "-Verify", "1", "-www", version],
            line => line.StartsWith(Accepting, StringComparison.Ordinal),
            Stop);
        var address = IPEndPoint.Parse(server.ReadyLine[Accepting.Length..].Trim());
        var tls = Client("first", _files.Issue("first", server: false));
        for (var i = 0; i < 3; i++)
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(address, Stop);
            await using var stream = await tls.AuthenticateAsync(new NetworkStream(socket), "localhost", [], Stop);
            await stream.WriteAsync("GET / HTTP/1.0\r\n\r\n"u8.ToArray(), Stop);
            using var page = new StreamReader(stream);
            var said = await page.ReadToEndAsync(Stop);
            Assert.Contains("New, TLSv1", said, StringComparison.Ordinal);
            Assert.DoesNotContain("Reused, ", said, StringComparison.Ordinal);
        }
    }

    private async Task<string> NameInHelloAsync(ClientTls tls, string host)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint, Stop);
        using var accepted = await listener.AcceptSocketAsync(Stop);
        var name = "none";
        await using var serving = new SslStream(new NetworkStream(accepted));
        var answering = serving.AuthenticateAsServerAsync(
            (_, hello, _, _) =>
            {
                name = hello.ServerName;
                return ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificate = _files.Server });
            },
            null,
            Stop);
        await using var client = await tls.AuthenticateAsync(new NetworkStream(socket), host, [SslApplicationProtocol.Http11], Stop);
        await answering;
        return name;
    }

    private static string Refusal(TlsFiles files) =>
        Assert.Throws<TlsFileException>(() => new ClientTls(files, TimeProvider.System, NullLogger.Instance)).Message;

    private static string KeyOf(X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        return key.ExportPkcs8PrivateKeyPem();
    }

    private ClientTls Client(string name, X509Certificate2 certificate, string? pem = null)
    {
        Assert.Equal($"CN={name}", certificate.Subject);
        Replace(certificate, pem);
        return new ClientTls(new TlsFiles(_files.Ca, _files.PathOf("client.crt"), _files.PathOf("client.key")), _time, NullLogger.Instance);
    }

    private void Replace(X509Certificate2 certificate, string? pem = null)
    {
        _files.Write("client.crt", pem ?? certificate.ExportCertificatePem());
        _files.Write("client.key", KeyOf(certificate));
    }

    private async Task<X509Certificate> ShakeHandsAsync(ClientTls tls) => (await ShakeHandsWithChainAsync(tls, _files.Server)).Client!;

    /// <summary>One handshake; returns what the server saw of the client.</summary>
    private static async Task<(X509Certificate? Client, IReadOnlyList<string> Chain)> ShakeHandsWithChainAsync(ClientTls tls, X509Certificate2 server)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var accepting = listener.AcceptSocketAsync(Stop);
        await socket.ConnectAsync(listener.LocalEndpoint, Stop);
        using var accepted = await accepting;
        var chain = new List<string>();
        await using var serving = new SslStream(new NetworkStream(accepted), false, (_, _, built, _) =>
        {
            chain.AddRange(built?.ChainPolicy.ExtraStore.Select(one => one.Subject) ?? []);
            return true;
        });
        var answering = serving.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = server, ClientCertificateRequired = true }, Stop);
        try
        {
            await using var client = await tls.AuthenticateAsync(new NetworkStream(socket), "localhost", [SslApplicationProtocol.Http11], Stop);
            await answering;
            return (serving.RemoteCertificate, chain);
        }
        catch
        {
            accepted.Close();
            await Task.WhenAny(answering);
            throw;
        }
    }
}
