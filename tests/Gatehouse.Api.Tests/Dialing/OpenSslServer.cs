using System.Security.Cryptography.X509Certificates;
using Gatehouse.Testing;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>OpenSSL's own server in Auth's place: client certificates of the user CA, ALPN h2; it answers each line reversed.</summary>
internal sealed class OpenSslServer : IDisposable
{
    private readonly PeerProcess process;

    private OpenSslServer(PeerProcess process, string address) => (this.process, Address) = (process, address);

    public string Address { get; }

    public static async Task<OpenSslServer> StartAsync(TestCluster cluster, TemporaryFolder folder, string version, CancellationToken cancellation)
    {
        var openssl = Peer.Require("openssl");
        using var certificate = cluster.Server();
        folder.Write("auth.crt", certificate.ExportCertificatePem());
        using (var key = certificate.GetECDsaPrivateKey()!)
            folder.Write("auth.key", key.ExportPkcs8PrivateKeyPem());
        folder.Write("users.crt", cluster.UserCa.ExportCertificatePem());
        const string Accepting = "ACCEPT ";
        var process = await PeerProcess.StartAsync(
            openssl,
            folder.Path,
            [
                "s_server", "-accept", "127.0.0.1:0", "-cert", "auth.crt", "-key", "auth.key", "-CAfile", "users.crt", "-no-CApath", "-no-CAstore",
                "-Verify", "2", "-verify_return_error", "-alpn", "h2", "-rev", version,
            ],
            line => line.StartsWith(Accepting, StringComparison.Ordinal),
            cancellation);
        return new OpenSslServer(process, process.ReadyLine[Accepting.Length..].Trim());
    }

    public void Dispose() => process.Dispose();
}
