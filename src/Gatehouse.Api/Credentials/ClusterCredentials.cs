using System.Globalization;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Credentials;

/// <summary>What a client needs to be let into a cluster: its certificate with key, and the CAs that sign the cluster's servers.</summary>
/// <param name="Certificate">Client certificate with private key.</param>
/// <param name="Authorities">Host CAs; the only roots for connections that end at Auth.</param>
/// <param name="ClusterName">From the certificate (teleport-wire 1.3): subject attribute 1.3.9999.1.7, else issuer O or CN.</param>
public sealed record ClusterCredentials(
    X509Certificate2 Certificate,
    X509Certificate2Collection Authorities,
    string ClusterName)
{
    /// <summary>The last word of a start whose credentials have all ended; users search for this sentence.</summary>
    public const string NoValidCredentials =
        "No valid credentials found, this likely means credentials are expired. In this case, please sign new credentials and increase their TTL if needed.";

    /// <summary>Certificates between the client certificate and its CA, sent along; usually none.</summary>
    public X509Certificate2Collection Intermediates { get; init; } = [];

    public DateTimeOffset NotAfter => Certificate.NotAfter.ToUniversalTime();

    /// <summary>Why the certificate is no good at <paramref name="now"/>: it has ended or not begun; null when it is good.</summary>
    public string? ExpiryProblem(DateTimeOffset now)
    {
        var subject = CertificateNames.CommonName(Certificate.SubjectName);
        var issuer = CertificateNames.CommonName(Certificate.IssuerName);
        if (now > NotAfter)
            return $"expired credential found: the certificate for '{subject}', issued by '{issuer}' is not valid after '{Format(NotAfter)}'";
        DateTimeOffset notBefore = Certificate.NotBefore.ToUniversalTime();
        return now < notBefore
            ? $"the certificate for '{subject}', issued by '{issuer}' is not valid before '{Format(notBefore)}'; is this machine's clock right?"
            : null;
    }

    internal static string Format(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss '+0000 UTC'", CultureInfo.InvariantCulture);
}

/// <summary>The credential cannot be used. The message says which file, what is wrong and what to do.</summary>
public sealed class CredentialException(string message, Exception? inner = null) : Exception(message, inner);
