using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Credentials;

/// <summary>
/// The identity file of <c>tctl auth sign</c> and tbot (teleport-wire 1.1): one text with, in order, the private key, the TLS
/// certificate and the TLS CAs as PEM blocks; between them SSH lines, which only SSH needs: they are passed over, and so is
/// <c>&lt;path&gt;-cert.pub</c>, which stands in for them.
/// </summary>
internal static class IdentityFile
{
    /// <exception cref="CredentialException">The text is no whole identity file.</exception>
    public static ClusterCredentials Parse(string text)
    {
        var blocks = Pem.Read(text);
        if (blocks.Count == 0)
            throw new CredentialException("it holds no PEM block; is it an identity file, and written to its end?");
        if (blocks.Count == 1 && blocks[0].Label == "CERTIFICATE")
            throw new CredentialException("unexpected private key PEM type \"CERTIFICATE\"; this is a certificate alone, not an identity file");
        if (blocks.Count < 2)
            throw new CredentialException("it holds a private key but no TLS certificate; is it written to its end?");
        if (blocks.Count < 3)
            throw new CredentialException("it holds no TLS CA certificate, so no server could be trusted; is it written to its end?");

        var certificate = PrivateKey.Join(Pem.Certificate(blocks[1]), blocks[0]);
        var authorities = new X509Certificate2Collection(blocks.Skip(2).Select(Pem.Certificate).ToArray());
        return new ClusterCredentials(certificate, authorities, CertificateNames.ClusterName(certificate));
    }
}
