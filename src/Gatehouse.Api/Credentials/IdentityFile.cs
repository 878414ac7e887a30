using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace Gatehouse.Api.Credentials;

/// <summary>
/// The identity file of <c>tctl auth sign</c> and tbot (teleport-wire 1.1): one text with, in order, the private key, the TLS
/// certificate and the TLS CAs as PEM blocks; between them SSH lines, which only say that the file carries SSH material.
/// </summary>
internal static partial class IdentityFile
{
    /// <param name="sshCertificate">Text of <c>&lt;path&gt;-cert.pub</c>, which stands in for a missing SSH line; null when there is none.</param>
    /// <exception cref="CredentialException">The text is no whole identity file.</exception>
    public static ClusterCredentials Parse(string text, string? sshCertificate)
    {
        var hasSsh = sshCertificate is not null && sshCertificate.Split('\n').Any(IsSshCertificate);
        var blocks = Pem.Read(text, line => hasSsh |= IsSshCertificate(line));
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
        return new ClusterCredentials(certificate, authorities, CertificateNames.ClusterName(certificate), hasSsh);
    }

    private static bool IsSshCertificate(string line) =>
        SshCertificateType.IsMatch(line.Trim().Split([' ', '\t'], 2)[0]);

    [GeneratedRegex(@"^[a-z0-9\-]+-cert-v[0-9]{2}@openssh\.com$", RegexOptions.CultureInvariant)]
    private static partial Regex SshCertificateType { get; }
}
