using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// The identity file (teleport-wire 1.1), in this order: private key (PKCS#8), SSH certificate line, TLS certificate, one
/// <c>@cert-authority</c> line with the SSH host CA, the TLS host CA. Only the order among PEM blocks counts for readers.
/// </summary>
internal static class IdentityFile
{
    public static byte[] Write(ECDsa key, string sshCertificate, X509Certificate2 certificate, string cluster, Authorities authorities)
    {
        var text = new StringBuilder();
        text.Append(key.ExportPkcs8PrivateKeyPem()).Append('\n');
        text.Append(sshCertificate).Append('\n');
        text.Append(certificate.ExportCertificatePem()).Append('\n');
        text.Append("@cert-authority ").Append(cluster).Append(",*.").Append(cluster).Append(' ');
        text.Append(SshCertificate.PublicKeyLine(authorities.SshHost)).Append(" type=host\n");
        text.Append(authorities.Host.Certificate.ExportCertificatePem()).Append('\n');
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
