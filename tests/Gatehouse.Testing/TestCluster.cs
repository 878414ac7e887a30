using System.Formats.Asn1;
using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Testing;

/// <summary>The CAs of a cluster and the certificates it gives out, made fresh for each test in the real one's shape.</summary>
public sealed class TestCluster : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    public TestCluster(string name = "example.test")
    {
        Name = name;
        HostCa = Authority(name);
        UserCa = Authority(name);
    }

    public string Name { get; }

    /// <summary>Signs servers.</summary>
    public X509Certificate2 HostCa { get; }

    /// <summary>Signs users.</summary>
    public X509Certificate2 UserCa { get; }

    /// <summary>Auth's certificate, or one for other names; with its key, ready for TLS.</summary>
    public X509Certificate2 Server(params string[] names)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName("Admin");
        subject.AddCommonName($"3f0c1a52-node.{Name}");
        subject.Add("1.3.9999.1.7", Name, UniversalTagNumber.PrintableString);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var dns in names.Length > 0 ? names : ["node1", "*.teleport.cluster.local", "teleport.cluster.local"])
            alternatives.AddDnsName(dns);
        request.CertificateExtensions.Add(alternatives.Build());
        return WithKey(Sign(HostCa, request, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddDays(1)), key);
    }

    /// <summary>A user certificate without key; valid for a day around now unless told otherwise.</summary>
    public X509Certificate2 User(AsymmetricAlgorithm key, string user = "teleport-event-handler", DateTimeOffset? notAfter = null)
    {
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName(user);
        subject.AddCommonName(user);
        subject.Add("1.3.9999.1.7", Name, UniversalTagNumber.PrintableString);
        var request = key switch
        {
            RSA rsa => new CertificateRequest(subject.Build(), rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            ECDsa ecdsa => new CertificateRequest(subject.Build(), ecdsa, HashAlgorithmName.SHA256),
            _ => throw new ArgumentException("RSA or ECDSA", nameof(key)),
        };
        var end = notAfter ?? DateTimeOffset.UtcNow.AddDays(1);
        return Sign(UserCa, request, (end < DateTimeOffset.UtcNow ? end : DateTimeOffset.UtcNow).AddHours(-1), end);
    }

    /// <summary>An identity file as tctl writes it, of a P-256 key unless one is given.</summary>
    public string Identity(AsymmetricAlgorithm? key = null, DateTimeOffset? notAfter = null, bool ssh = true)
    {
        key ??= ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = User(key, notAfter: notAfter);
        return KeyPem(key) + "\n" +
            (ssh ? "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20=\n" : "") +
            certificate.ExportCertificatePem() + "\n" +
            $"@cert-authority {Name},*.{Name} ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQ== type=host\n" +
            HostCa.ExportCertificatePem() + "\n";
    }

    /// <summary>The key in the form tctl uses: PKCS#1 for RSA, PKCS#8 for the rest.</summary>
    public static string KeyPem(AsymmetricAlgorithm key) =>
        key is RSA rsa ? rsa.ExportRSAPrivateKeyPem() : key.ExportPkcs8PrivateKeyPem();

    public void Dispose()
    {
        HostCa.Dispose();
        UserCa.Dispose();
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName(name);
        subject.AddCommonName(name);
        // The only difference between the subjects of a cluster's CAs.
        subject.Add("2.5.4.5", new BigInteger(RandomNumberGenerator.GetBytes(16), isUnsigned: true).ToString(CultureInfo.InvariantCulture), UniversalTagNumber.PrintableString);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddYears(10));
    }

    private static X509Certificate2 Sign(X509Certificate2 authority, CertificateRequest request, DateTimeOffset notBefore, DateTimeOffset notAfter)
    {
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([ServerAuthentication, ClientAuthentication], false));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        using var key = authority.GetECDsaPrivateKey()!;
        return request.Create(authority.SubjectName, X509SignatureGenerator.CreateForECDsa(key), notBefore, notAfter, RandomNumberGenerator.GetBytes(16));
    }

    private static X509Certificate2 WithKey(X509Certificate2 certificate, ECDsa key)
    {
        using (certificate)
            return certificate.CopyWithPrivateKey(key);
    }
}
