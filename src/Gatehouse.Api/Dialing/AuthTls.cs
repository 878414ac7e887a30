using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Api.Credentials;

namespace Gatehouse.Api.Dialing;

/// <summary>
/// The mutual TLS that ends at Auth (teleport-wire 2.3): only the identity's CAs are roots, the server must be
/// <c>teleport.cluster.local</c> or the encoded cluster name, HTTP/2 must be agreed, and our certificate is always sent.
/// </summary>
internal sealed class AuthTls(ClusterCredentials credentials, TimeProvider time)
{
    private string? _distrust;

    /// <summary>The server is of the cluster, whatever else may be wrong.</summary>
    public bool MetCluster { get; private set; }

    /// <param name="transport">Owned by the returned stream; on failure the caller disposes it.</param>
    /// <exception cref="WayFailedException">Why there is no session.</exception>
    public async Task<SslStream> HandshakeAsync(Stream transport, string sni, IReadOnlyList<string> protocols, CancellationToken cancellation)
    {
        var stream = new SslStream(transport);
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = sni,
            ApplicationProtocols = [.. protocols.Select(protocol => new SslApplicationProtocol(protocol))],
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            // A context, unlike a collection, is not filtered by the server's list of CAs.
            ClientCertificateContext = SslStreamCertificateContext.Create(credentials.Certificate, credentials.Intermediates, offline: true),
            CertificateChainPolicy = TlsText.RootsOnly(credentials.Authorities),
            // A resumed session would carry the old certificate past a change of credentials.
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                _distrust = Judge(certificate as X509Certificate2, chain, errors);
                return _distrust is null;
            },
        };
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellation);
        }
        catch (Exception e) when (e is AuthenticationException or IOException)
        {
            var refusal = TlsText.ExplainRefusal(e, credentials, time.GetUtcNow());
            // TLS 1.2 refuses before .NET lets us look at the server's certificate; who judges ours by the user CA is taken for Auth.
            MetCluster |= refusal is not null;
            throw new WayFailedException(_distrust ?? refusal ?? TlsText.Explain(e) ?? $"TLS failed: {e.Message}", e);
        }
        if (stream.NegotiatedApplicationProtocol != SslApplicationProtocol.Http2)
        {
            throw new WayFailedException(
                "the server has a certificate of the cluster but agreed to no HTTP/2 (no ALPN); something between ends TLS, or it is no auth service");
        }
        return stream;
    }

    private string? Judge(X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
            return "the server sent no certificate";
        var status = chain?.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        MetCluster = !errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) || status == X509ChainStatusFlags.NotTimeValid;
        if (!MetCluster)
            return Foreign(certificate, status);
        if (status == X509ChainStatusFlags.NotTimeValid)
        {
            return $"the server's certificate is valid from {ClusterCredentials.Format(certificate.NotBefore.ToUniversalTime())} " +
                $"to {ClusterCredentials.Format(certificate.NotAfter.ToUniversalTime())} only; is this machine's clock right?";
        }
        // The wildcard covers the encoded name, so one of the two is enough whichever was asked for.
        return certificate.MatchesHostname(ServerNames.Cluster) || certificate.MatchesHostname(ServerNames.Sni(credentials.ClusterName))
            ? null
            : $"the server's certificate is valid for {TlsText.Names(certificate)}, not {ServerNames.Cluster}; it is no auth service of the cluster";
    }

    private string Foreign(X509Certificate2 certificate, X509ChainStatusFlags status)
    {
        var trusted = string.Join("; ", credentials.Authorities.Select(authority => TlsText.Printable(authority.Subject)).Distinct(StringComparer.Ordinal));
        var sameName = credentials.Authorities.Any(authority => authority.SubjectName.RawData.AsSpan().SequenceEqual(certificate.IssuerName.RawData));
        var hint = sameName
            ? "the CA has the name of the cluster's but another key: it was replaced, sign a new credential"
            : "a web proxy or load balancer answers there, or the credential is of another cluster";
        return $"the server's certificate is not from the cluster's CA ({status}): {TlsText.Describe(certificate)}; trusted is {trusted}; {hint}";
    }
}
