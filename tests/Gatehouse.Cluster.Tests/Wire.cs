using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Api.Grpc;

namespace Gatehouse.Cluster.Tests;

/// <summary>A client of our own for what the real one cannot be made to do.</summary>
internal static class Wire
{
    /// <param name="pair">What the names of key and certificate begin with; null sends no certificate.</param>
    public static GrpcChannel Channel(RunningCluster cluster, string? pair) => new(new GrpcChannelOptions
    {
        Connect = async cancellation => await ConnectAsync(cluster, pair, SslProtocols.None, cancellation),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    });

    public static async Task<SslStream> ConnectAsync(RunningCluster cluster, string? pair, SslProtocols protocols, CancellationToken cancellation)
    {
        var socket = new TcpClient();
        await socket.ConnectAsync(cluster.Address, cancellation);
        var tls = new SslStream(socket.GetStream());
        var roots = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        roots.CustomTrustStore.ImportFromPemFile(Path.Combine(cluster.DataDir, "ca", "host.pem"));
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "teleport.cluster.local",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                EnabledSslProtocols = protocols,
                CertificateChainPolicy = roots,
                ClientCertificateContext = pair is null
                    ? null
                    : SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(pair + ".crt", pair + ".key"), null, offline: true),
            },
            cancellation);
        return tls;
    }
}
