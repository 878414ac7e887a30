using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Hosting.Tls;

/// <summary>Judges the peer's certificate of one handshake, and can say in a user's words why it was refused.</summary>
internal sealed class ServerCertificateCheck(string host, X509Certificate2Collection? roots, string? rootsFile)
{
    /// <summary>Why <see cref="Accepts"/> said no; null while it has not.</summary>
    public string? Refusal { get; private set; }

    public bool Accepts(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && chain is not null && EndsAtTrustedIntermediate(chain))
            errors &= ~SslPolicyErrors.RemoteCertificateChainErrors;
        if (errors == SslPolicyErrors.None)
            return true;
        Refusal = "tls: failed to verify certificate: " + Reason(certificate as X509Certificate2, chain, errors);
        return false;
    }

    /// <summary>Whatever is in the file is trusted, also an authority that is itself signed by another one, as OpenSSL's partial chains and Go have it.</summary>
    private bool EndsAtTrustedIntermediate(X509Chain chain) =>
        roots is not null
        && chain.ChainStatus.All(status => status.Status == X509ChainStatusFlags.PartialChain)
        && chain.ChainElements is [.., var last]
        && roots.Any(root => root.RawDataMemory.Span.SequenceEqual(last.Certificate.RawDataMemory.Span));

    private string Reason(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
            return "the server has none";
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        if (status.HasFlag(X509ChainStatusFlags.NotTimeValid) && OutOfTime(chain!) is { } outOfTime)
            return outOfTime;
        // A wrong signature is a trusted authority's name on somebody else's certificate.
        if ((status & (X509ChainStatusFlags.PartialChain | X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.NotSignatureValid)) != 0)
        {
            return $"certificate signed by unknown authority ({certificate.Issuer}); it is not in "
                + (rootsFile ?? "the system's store, and no CA file is set");
        }
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch))
            return $"certificate is valid for {Names(certificate)}, not {host}";
        return chain?.ChainStatus is [var first, ..] ? first.StatusInformation.Trim() : errors.ToString();
    }

    private static string? OutOfTime(X509Chain chain)
    {
        var expired = chain.ChainElements.Select(element => element.Certificate)
            .FirstOrDefault(one => chain.ChainPolicy.VerificationTime > one.NotAfter || chain.ChainPolicy.VerificationTime < one.NotBefore);
        return expired is null ? null : $"certificate of {expired.Subject} is valid from {expired.NotBefore.ToUniversalTime():u} to {expired.NotAfter.ToUniversalTime():u} only";
    }

    private static string Names(X509Certificate2 certificate)
    {
        var extension = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        string[] names = extension is null ? [] : [.. extension.EnumerateDnsNames(), .. extension.EnumerateIPAddresses().Select(address => address.ToString())];
        return names is [] ? "no host name at all" : string.Join(", ", names);
    }
}
