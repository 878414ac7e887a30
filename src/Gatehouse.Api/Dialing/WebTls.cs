using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Dialing;

/// <summary>TLS to a web listener (proxy, load balancer, HTTP proxy): system roots and the ordinary host name check.</summary>
internal static class WebTls
{
    /// <exception cref="WayFailedException">The certificate is not trusted, or there is no TLS.</exception>
    public static async Task HandshakeAsync(SslStream stream, string host, DialSettings settings, CancellationToken cancellation)
    {
        string? distrust = null;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
            {
                distrust = errors == SslPolicyErrors.None ? null : Distrust(certificate as X509Certificate2, errors, host);
                return distrust is null;
            },
        };
        if (settings.WebRoots is not null)
            options.CertificateChainPolicy = TlsText.RootsOnly(settings.WebRoots);
        try
        {
            await stream.AuthenticateAsClientAsync(options, cancellation);
        }
        catch (AuthenticationException e)
        {
            throw new WayFailedException(distrust ?? TlsText.Explain(e) ?? $"TLS with {host} failed: {e.Message}", e);
        }
    }

    private static string Distrust(X509Certificate2? certificate, SslPolicyErrors errors, string host)
    {
        if (certificate is null)
            return $"{host} sent no certificate";
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors))
        {
            return $"the web certificate of {host} is not trusted by this machine: {TlsText.Describe(certificate)}; " +
                "add its CA to the system's, or name a file with it in SSL_CERT_FILE";
        }
        return $"the web certificate of {host} is valid for {TlsText.Names(certificate)}, not {host}";
    }
}
