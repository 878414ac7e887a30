using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Testing;

/// <summary>A throw-away authority and the PEM files it makes, in a folder that goes with it.</summary>
public sealed class TlsFolder : IDisposable
{
    private readonly X509Certificate2 _authority = Authority("CN=test authority");

    public TlsFolder()
    {
        Folder = Directory.CreateTempSubdirectory("gatehouse-tls-").FullName;
        Ca = Write("ca.crt", _authority.ExportCertificatePem());
        Server = Issue("localhost", server: true);
    }

    public string Folder { get; }

    /// <summary>PEM file of the authority.</summary>
    public string Ca { get; }

    /// <summary>For <c>localhost</c> and 127.0.0.1, with its key.</summary>
    public X509Certificate2 Server { get; }

    public string PathOf(string name) => Path.Combine(Folder, name);

    public string Write(string name, string text)
    {
        var path = PathOf(name);
        File.WriteAllText(path, text);
        return path;
    }

    /// <summary>A certificate with a key for a host or a client, valid from two days ago until in <paramref name="days"/> days.</summary>
    public X509Certificate2 Issue(string name, bool server, int days = 30, X509Certificate2? by = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(server ? "1.3.6.1.5.5.7.3.1" : "1.3.6.1.5.5.7.3.2")], false));
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        if (name == "localhost")
            names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var bare = request.Create(by ?? _authority, DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(days), RandomNumberGenerator.GetBytes(8));
        using var whole = bare.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    /// <summary>An authority below ours.</summary>
    public X509Certificate2 IssueAuthority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = AuthorityRequest($"CN={name}", key);
        using var bare = request.Create(_authority, DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(30), RandomNumberGenerator.GetBytes(8));
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>
    /// Authority, server and client pair with OpenSSL by the recipe in the README of the real handler, shorter keys apart;
    /// the client key is the one that is encrypted here.
    /// </summary>
    /// <returns>The folder with ca.crt, server.crt, server.key, client.crt, client.key.</returns>
    public string MakeByReadmeRecipe(string clientPassphrase)
    {
        Write("ssl.conf", """
            [req]
            distinguished_name = req_distinguished_name
            string_mask = utf8only
            default_md = sha256
            x509_extensions = v3_ca
            [req_distinguished_name]
            [v3_ca]
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid:always,issuer
            basicConstraints = critical, CA:true, pathlen: 0
            keyUsage = critical, cRLSign, keyCertSign
            [client_cert]
            basicConstraints = CA:FALSE
            nsCertType = client, email
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid,issuer
            keyUsage = critical, nonRepudiation, digitalSignature, keyEncipherment
            extendedKeyUsage = clientAuth, emailProtection
            [server_cert]
            basicConstraints = CA:FALSE
            nsCertType = server
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid,issuer:always
            keyUsage = critical, digitalSignature, keyEncipherment
            extendedKeyUsage = serverAuth
            subjectAltName = DNS:localhost,IP:127.0.0.1
            """);
        OpenSsl("genrsa -out ca.key 2048");
        OpenSsl("req -config ssl.conf -key ca.key -new -x509 -days 7300 -sha256 -extensions v3_ca -subj /CN=ca -out ca.crt");
        OpenSsl("genrsa -out server.key 2048");
        OpenSsl("req -config ssl.conf -subj /CN=server -key server.key -new -out server.csr");
        OpenSsl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out server.crt -extfile ssl.conf -extensions server_cert");
        Write("passphrase", clientPassphrase);
        OpenSsl("genrsa -aes256 -passout file:passphrase -out client.key 2048");
        OpenSsl("req -config ssl.conf -subj /CN=client -key client.key -passin file:passphrase -new -out client.csr");
        OpenSsl("x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 365 -out client.crt -extfile ssl.conf -extensions client_cert");
        return Folder;
    }

    /// <summary>Runs openssl in the folder; arguments have no spaces in them.</summary>
    public void OpenSsl(string arguments)
    {
        var start = new ProcessStartInfo(Peer.Require("openssl"), arguments) { WorkingDirectory = Folder, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var said = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"openssl {arguments}: {said}");
    }

    public void Dispose()
    {
        _authority.Dispose();
        Server.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return AuthorityRequest(name, key).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-3), DateTimeOffset.UtcNow.AddDays(60));
    }

    private static CertificateRequest AuthorityRequest(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request;
    }
}
