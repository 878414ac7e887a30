using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Hosting.Tls;

/// <summary>What one reading of the files gave. Immutable; connections made with it keep it alive after a newer one took its place.</summary>
internal sealed class ClientTlsMaterial
{
    // A bundle of every public authority is some 250 KiB.
    private const int MaxFileBytes = 4 * 1024 * 1024;

    private ClientTlsMaterial(byte[] fingerprint) => Fingerprint = fingerprint;

    /// <summary>Digest over the contents: what tells an old reading from a new one, whatever links and times say.</summary>
    public byte[] Fingerprint { get; }

    /// <summary>The only authorities trusted; null for the system's.</summary>
    public X509Certificate2Collection? Roots { get; private init; }

    /// <summary>Where they were read.</summary>
    public string? RootsFile { get; private init; }

    /// <summary>Our certificate with what leads to its authority; null when we have none.</summary>
    public SslStreamCertificateContext? Certificate { get; private init; }

    /// <exception cref="TlsFileException">A file is missing, unreadable or not what it should be.</exception>
    public static ClientTlsMaterial Load(TlsFiles files) => Parse(files, Contents.Read(files));

    /// <exception cref="TlsFileException">A file is missing or unreadable.</exception>
    public static byte[] FingerprintOf(TlsFiles files) => Contents.Read(files).Fingerprint();

    private static ClientTlsMaterial Parse(TlsFiles files, Contents contents)
    {
        if (files.Cert is null != files.Key is null)
            throw new TlsFileException("both fluentd_cert and fluentd_key should be specified");
        return new ClientTlsMaterial(contents.Fingerprint())
        {
            Roots = contents.Ca is null ? null : Certificates(contents.Ca, files.Ca!),
            RootsFile = files.Ca,
            Certificate = contents.Cert is null ? null : Own(files, contents.Cert, contents.Key!),
        };
    }

    private static SslStreamCertificateContext Own(TlsFiles files, string cert, string key)
    {
        var certificates = Certificates(cert, files.Cert!);
        using var privateKey = PrivateKeyFile.Parse(key, files.Key!, files.KeyPassphrase);
        X509Certificate2 own;
        try
        {
            own = privateKey switch
            {
                RSA rsa => certificates[0].CopyWithPrivateKey(rsa),
                ECDsa ecdsa => certificates[0].CopyWithPrivateKey(ecdsa),
                _ => throw new InvalidOperationException(privateKey.GetType().Name),
            };
        }
        catch (ArgumentException e)
        {
            throw new TlsFileException($"tls: private key does not match public key: {files.Key} is not the key of {files.Cert}", e);
        }
        certificates.RemoveAt(0);
        return SslStreamCertificateContext.Create(own, certificates, offline: true);
    }

    private static X509Certificate2Collection Certificates(string pem, string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            foreach (var block in PemBlock.ReadAll(pem).Where(block => block.Label is "CERTIFICATE" or "TRUSTED CERTIFICATE" or "X509 CERTIFICATE"))
                certificates.Add(X509CertificateLoader.LoadCertificate(block.Der));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            throw new TlsFileException($"{file}: a certificate in it is damaged: {e.Message}", e);
        }
        // Upstream takes an empty bundle and then fails every handshake; the start is the better moment to say so.
        return certificates.Count > 0 ? certificates : throw new TlsFileException($"{file}: there is no certificate in it");
    }

    private readonly record struct Contents(string? Ca, string? Cert, string? Key)
    {
        public static Contents Read(TlsFiles files) => new(ReadFile(files.Ca), ReadFile(files.Cert), ReadFile(files.Key));

        public byte[] Fingerprint() => SHA256.HashData(Encoding.UTF8.GetBytes($"{Ca}\0{Cert}\0{Key}"));

        private static string? ReadFile(string? file)
        {
            if (file is null)
                return null;
            try
            {
                using var stream = File.OpenRead(file);
                if (stream.Length > MaxFileBytes)
                    throw new TlsFileException($"{file}: larger than {MaxFileBytes >> 20} MiB, so hardly a PEM file");
                using var reader = new StreamReader(stream, Encoding.UTF8);
                return reader.ReadToEnd();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new TlsFileException($"{file}: {e.Message}", e);
            }
        }
    }
}
