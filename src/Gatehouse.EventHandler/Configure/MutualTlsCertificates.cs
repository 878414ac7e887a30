using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.EventHandler.Configure;

/// <summary>A certificate and its RSA key.</summary>
internal sealed record CertificatePair(X509Certificate2 Certificate, RSA Key) : IDisposable
{
    public string CertificatePem => Certificate.ExportCertificatePem() + "\n";

    /// <summary>PKCS#1, not encrypted.</summary>
    public string KeyPem => Key.ExportRSAPrivateKeyPem() + "\n";

    public void Dispose()
    {
        Certificate.Dispose();
        Key.Dispose();
    }
}

/// <summary>The CA, server and client of event-handler 2.6 (form of v14 and later), with key identifiers added to all.</summary>
internal sealed record MutualTlsCertificates(CertificatePair Ca, CertificatePair Server, CertificatePair Client) : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    /// <param name="addresses">IP addresses for both certificates, beside the plan's host names.</param>
    public static async Task<MutualTlsCertificates> CreateAsync(
        ConfigurePlan plan, IReadOnlyList<IPAddress> addresses, DateTimeOffset now, CancellationToken cancellation)
    {
        // Three RSA keys of 4096 bits take some seconds one after another.
        var keys = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Task.Run(() => CreateKey(plan.KeyLength), cancellation)));
        var end = now + plan.Ttl;
        var ca = CreateCa(keys[0], now, end);
        return new MutualTlsCertificates(
            ca,
            CreateLeaf(ca, keys[1], plan.CommonName ?? "Server", ServerAuthentication, plan.DnsNames, addresses, now, end),
            CreateLeaf(ca, keys[2], "Client", ClientAuthentication, plan.DnsNames, addresses, now, end));
    }

    public void Dispose()
    {
        Ca.Dispose();
        Server.Dispose();
        Client.Dispose();
    }

    private static RSA CreateKey(int bits)
    {
        var key = RSA.Create(bits);
        // Only the first use makes the key.
        key.ExportParameters(includePrivateParameters: false);
        return key;
    }

    private static CertificatePair CreateCa(RSA key, DateTimeOffset start, DateTimeOffset end)
    {
        var request = Request("CA", key);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.KeyCertSign, critical: true));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var signer = X509SignatureGenerator.CreateForRSA(key, RSASignaturePadding.Pkcs1);
        return new CertificatePair(request.Create(request.SubjectName, signer, start, end, SerialNumber()), key);
    }

    private static CertificatePair CreateLeaf(
        CertificatePair ca, RSA key, string name, Oid usage, IReadOnlyList<string> names, IReadOnlyList<IPAddress> addresses, DateTimeOffset start, DateTimeOffset end)
    {
        var request = Request(name, key);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], critical: false));
        if (names.Count + addresses.Count > 0)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (var dns in names)
                alternatives.AddDnsName(dns);
            foreach (var address in addresses)
                alternatives.AddIpAddress(address);
            request.CertificateExtensions.Add(alternatives.Build());
        }
        // Upstream has neither identifier; strict verifiers (Python 3.13) want them.
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca.Certificate, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        var signer = X509SignatureGenerator.CreateForRSA(ca.Key, RSASignaturePadding.Pkcs1);
        return new CertificatePair(request.Create(ca.Certificate.SubjectName, signer, start, end, SerialNumber()), key);
    }

    private static CertificateRequest Request(string commonName, RSA key)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddCommonName(commonName);
        return new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>A random number below 2^128.</summary>
    private static byte[] SerialNumber() => RandomNumberGenerator.GetBytes(16);
}
