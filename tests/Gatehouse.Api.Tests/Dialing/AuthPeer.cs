using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Testing;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>
/// Stands for Auth on 3025: TLS with client certificates of the cluster's user CA, ALPN h2; what comes is echoed. Keeps each
/// connection's hello.
/// </summary>
internal sealed class AuthPeer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly ConcurrentBag<Task> connections = [];
    private readonly X509Certificate2 certificate;
    private readonly TestCluster cluster;
    private readonly SslProtocols protocols;
    private readonly Task accepting;

    public AuthPeer(TestCluster cluster, X509Certificate2? certificate = null, SslProtocols protocols = SslProtocols.None)
    {
        this.cluster = cluster;
        this.protocols = protocols;
        this.certificate = certificate ?? cluster.Server();
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public string Address => $"127.0.0.1:{Port}";

    public ConcurrentQueue<ClientHello> Hellos { get; } = new();

    /// <summary>Subjects of the client certificates accepted.</summary>
    public ConcurrentQueue<string> Clients { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Stop();
        await Task.WhenAll(connections);
        stop.Dispose();
        certificate.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The end of the test.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                await using var recorder = new RecordingStream(client.GetStream());
                await using var tls = new SslStream(recorder);
                await tls.AuthenticateAsServerAsync(Options(), stop.Token);
                Clients.Enqueue(((X509Certificate2)tls.RemoteCertificate!).Subject);
                Hellos.Enqueue(ClientHello.Parse(recorder.Head));
                var buffer = new byte[4096];
                while (await tls.ReadAsync(buffer, stop.Token) is var read and > 0)
                    await tls.WriteAsync(buffer.AsMemory(0, read), stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or AuthenticationException)
            {
                // A client that leaves or is refused is part of the tests.
            }
        }
    }

    private SslServerAuthenticationOptions Options() => new()
    {
        ServerCertificate = certificate,
        ClientCertificateRequired = true,
        EnabledSslProtocols = protocols,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        RemoteCertificateValidationCallback = (_, remote, _, _) =>
        {
            if (remote is not X509Certificate2 user)
                return false;
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.Add(cluster.UserCa);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(user);
        },
    };

    /// <summary>Sends a line and gives back what the peer echoes.</summary>
    public static async Task<string> EchoAsync(Stream stream, string text, CancellationToken cancellation)
    {
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
        await stream.FlushAsync(cancellation);
        var answer = new byte[Encoding.UTF8.GetByteCount(text)];
        await stream.ReadExactlyAsync(answer, cancellation);
        return Encoding.UTF8.GetString(answer);
    }
}
