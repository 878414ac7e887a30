using System.Formats.Asn1;
using System.Globalization;
using System.Net;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// An X.509 authority of the cluster. Keys are P-256: every Teleport client, Go, .NET and OpenSSL take it, a signature costs a twentieth
/// of RSA 2048, and the same kind of key makes the SSH certificates (.NET has no Ed25519).
/// </summary>
internal sealed class CertificateAuthority : IDisposable
{
    /// <summary>As the real one: ten years. Rotation comes before that.</summary>
    private const int LifetimeYears = 10;

    /// <summary>Certificates begin a minute in the past, for clients whose clock is a little late.</summary>
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    private readonly ECDsa _key;

    private CertificateAuthority(X509Certificate2 certificate, ECDsa key) => (Certificate, _key) = (certificate, key);

    /// <summary>The authority's certificate, without its key.</summary>
    public X509Certificate2 Certificate { get; }

    /// <summary>A new self-signed authority; subject {O, CN, serialNumber} as clients of the real one see it.</summary>
    public static CertificateAuthority Create(string cluster, DateTimeOffset now)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var serial = NewSerial();
        var name = new X500DistinguishedName(AuthorityName(cluster, serial));
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var certificate = request.Create(name, X509SignatureGenerator.CreateForECDsa(key), now - ClockSkew, now.AddYears(LifetimeYears), serial);
        return new CertificateAuthority(certificate, key);
    }

    /// <param name="pem">Key (PKCS#8) and certificate, as <see cref="ExportPem"/> wrote them.</param>
    public static CertificateAuthority FromPem(string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return new CertificateAuthority(X509Certificate2.CreateFromPem(pem), key);
    }

    public string ExportPem() => _key.ExportPkcs8PrivateKeyPem() + "\n" + Certificate.ExportCertificatePem() + "\n";

    /// <summary>Signs a certificate for somebody else's public key.</summary>
    /// <param name="subject">DER of the subject.</param>
    /// <param name="hosts">DNS names and IP addresses; none for a person.</param>
    /// <param name="notAfter">Cut to the end of the authority itself.</param>
    public X509Certificate2 Issue(byte[] subject, ECDsa publicKey, DateTimeOffset now, DateTimeOffset notAfter, IReadOnlyCollection<string>? hosts = null)
    {
        var request = new CertificateRequest(new X500DistinguishedName(subject), publicKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1"), new Oid("1.3.6.1.5.5.7.3.2")], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Certificate, true, false));
        if (hosts is { Count: > 0 })
            request.CertificateExtensions.Add(AlternativeNames(hosts));
        var end = notAfter < Certificate.NotAfter ? notAfter : Certificate.NotAfter;
        return request.Create(Certificate.SubjectName, X509SignatureGenerator.CreateForECDsa(_key), now - ClockSkew, end, NewSerial());
    }

    public void Dispose()
    {
        _key.Dispose();
        Certificate.Dispose();
    }

    private static X509Extension AlternativeNames(IEnumerable<string> hosts)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var host in hosts)
        {
            if (IPAddress.TryParse(host, out var address))
                names.AddIpAddress(address);
            else
                names.AddDnsName(host);
        }
        return names.Build();
    }

    /// <summary>128 random bits, positive, first byte never zero.</summary>
    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private static byte[] AuthorityName(string cluster, byte[] serial)
    {
        var number = new BigInteger(serial, isUnsigned: true, isBigEndian: true).ToString(CultureInfo.InvariantCulture);
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var (oid, value) in new[] { ("2.5.4.10", cluster), ("2.5.4.3", cluster), ("2.5.4.5", number) })
            {
                using (writer.PushSetOf())
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(oid);
                    // Cluster names are ASCII; '_' is not in PrintableString.
                    writer.WriteCharacterString(value.Contains('_', StringComparison.Ordinal) ? UniversalTagNumber.UTF8String : UniversalTagNumber.PrintableString, value);
                }
            }
        }
        return writer.Encode();
    }
}
