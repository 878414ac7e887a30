using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Credentials;

/// <summary>What a client needs to be let into a cluster: its certificate with key, and the CAs that sign the cluster's servers.</summary>
/// <param name="Certificate">Client certificate with private key.</param>
/// <param name="Authorities">Host CAs; the only roots for connections that end at Auth.</param>
/// <param name="ClusterName">From the certificate (teleport-wire 1.3): subject attribute 1.3.9999.1.7, else issuer O or CN.</param>
/// <param name="HasSshMaterial">True for an identity file; says which ways of dialing the real client would try.</param>
public sealed record ClusterCredentials(
    X509Certificate2 Certificate,
    X509Certificate2Collection Authorities,
    string ClusterName,
    bool HasSshMaterial)
{
    public DateTimeOffset NotAfter => Certificate.NotAfter.ToUniversalTime();
}

/// <summary>The credential cannot be used. The message says which file, what is wrong and what to do.</summary>
public sealed class CredentialException(string message, Exception? inner = null) : Exception(message, inner);
