using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Cluster.Auth;
using Microsoft.AspNetCore.Connections;

namespace Gatehouse.Cluster.Services;

/// <summary>
/// TLS of the auth port (teleport-wire 6.1): one server certificate for every name, HTTP/2 alone, a client certificate wished for but not
/// demanded, and verified against the user CA only; the machine's own store has no say.
/// </summary>
internal sealed class ClientVerification(Authorities authorities, X509Certificate2 server, RefusedLogins refused)
{
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // The list of acceptable CAs goes out with both, as the real one does: clients other than the real one may obey it.
    private readonly SslStreamCertificateContext _server = SslStreamCertificateContext.Create(
        server, null, offline: true, SslCertificateTrust.CreateForX509Collection([authorities.Host.Certificate, authorities.User.Certificate], sendTrustInHandshake: true));

    public SslServerAuthenticationOptions OptionsFor(ConnectionContext? connection) => new()
    {
        ServerCertificateContext = _server,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        ClientCertificateRequired = true,
        AllowRenegotiation = false,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = ChainPolicy(),
        RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accept(connection, certificate as X509Certificate2, chain, errors),
    };

    private X509ChainPolicy ChainPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(authorities.User.Certificate);
        policy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return policy;
    }

    private bool Accept(ConnectionContext? connection, X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        // No certificate: the caller may ping and nothing else, which is the gate's business.
        if (certificate is null)
            return true;
        if ((errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None)
            return true;
        var status = chain?.ChainStatus.FirstOrDefault(s => s.Status != X509ChainStatusFlags.NoError).Status ?? X509ChainStatusFlags.PartialChain;
        var reason = status switch
        {
            X509ChainStatusFlags.NotTimeValid when certificate.NotAfter < DateTime.Now => $"the certificate expired at {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss'Z'}",
            X509ChainStatusFlags.NotTimeValid => "the certificate is not valid yet",
            X509ChainStatusFlags.PartialChain or X509ChainStatusFlags.UntrustedRoot or X509ChainStatusFlags.NotSignatureValid => "the certificate is not signed by this cluster's user authority",
            X509ChainStatusFlags.NotValidForUsage => "the certificate is not meant for clients",
            _ => $"the certificate is not acceptable ({status})",
        };
        // A name in a certificate that we did not sign is a claim; it is reported as one and bounded.
        var user = CertificateSubject.Read(certificate.SubjectName)?.User ?? "";
        refused.Report(user.Length > 100 ? user[..100] : user, $"{connection?.LocalEndPoint}", $"{connection?.RemoteEndPoint}", reason);
        return false;
    }
}
