using Gatehouse.Hosting.Settings;
using Gatehouse.Hosting.Tls;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Tls;

/// <summary>Keys as OpenSSL writes them, in every form.</summary>
public sealed class PrivateKeyTests : IDisposable
{
    private readonly TlsFolder _files = new();

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("PKCS#1", "genrsa -traditional -out key 2048", "BEGIN RSA PRIVATE KEY", false)]
    [InlineData("PKCS#8, RSA", "genrsa -out key 2048", "BEGIN PRIVATE KEY", false)]
    [InlineData("SEC 1", "ecparam -name prime256v1 -genkey -out key", "BEGIN EC PRIVATE KEY", false)]
    [InlineData("PKCS#8, EC", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out key", "BEGIN PRIVATE KEY", false)]
    [InlineData("RFC 1423, AES-256", "genrsa -traditional -aes256 -passout file:pass -out key 2048", "DEK-Info: AES-256-CBC", true)]
    [InlineData("RFC 1423, AES-128", "genrsa -traditional -aes128 -passout file:pass -out key 2048", "DEK-Info: AES-128-CBC", true)]
    [InlineData("RFC 1423, 3DES", "genrsa -traditional -des3 -passout file:pass -out key 2048", "DEK-Info: DES-EDE3-CBC", true)]
    [InlineData("PKCS#8 encrypted, RSA", "genrsa -aes256 -passout file:pass -out key 2048", "BEGIN ENCRYPTED PRIVATE KEY", true)]
    [InlineData("PKCS#8 encrypted, EC", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -aes256 -pass file:pass -out key", "BEGIN ENCRYPTED PRIVATE KEY", true)]
    public void A_key_is_read_in_the_form(string form, string openssl, string mark, bool encrypted)
    {
        _files.Write("pass", "sésame & öffne\n");
        _files.OpenSsl(openssl);
        var pem = File.ReadAllText(_files.PathOf("key"));
        Assert.True(pem.Contains(mark, StringComparison.Ordinal), $"openssl did not write {form}");
        var passphrase = encrypted ? new Secret("sésame & öffne") : null;
        using var key = PrivateKeyFile.Parse(pem, "key", passphrase);
        using var windows = PrivateKeyFile.Parse("some text\r\n" + pem.ReplaceLineEndings("\r\n"), "key", passphrase);
        Assert.Equal(key.ExportSubjectPublicKeyInfoPem(), windows.ExportSubjectPublicKeyInfoPem());
        _files.OpenSsl($"pkey -in key -passin file:pass -pubout -out public");
        Assert.Equal(File.ReadAllText(_files.PathOf("public")).Trim(), key.ExportSubjectPublicKeyInfoPem());
        if (!encrypted)
            return;
        var without = Assert.Throws<TlsFileException>(() => PrivateKeyFile.Parse(pem, "key", null));
        Assert.Contains("no passphrase was given", without.Message, StringComparison.Ordinal);
        var wrong = Assert.Throws<TlsFileException>(() => PrivateKeyFile.Parse(pem, "key", new Secret("wrong")));
        Assert.Contains("the passphrase does not open it", wrong.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", wrong.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no private key")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "no private key")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n", "no end line")]
    [InlineData("-----BEGIN PRIVATE KEY-----\n!!!!\n-----END PRIVATE KEY-----\n", "damaged")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "damaged")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "damaged")]
    [InlineData("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "not supported")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "DEK-Info")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n", "wrong length")]
    public void Anything_else_is_said_with_the_file_and_upstreams_words(string pem, string what)
    {
        var problem = Assert.Throws<TlsFileException>(() => PrivateKeyFile.Parse(pem, "/etc/client.key", new Secret("x")));
        Assert.StartsWith("tls: failed to parse private key: /etc/client.key: ", problem.Message, StringComparison.Ordinal);
        Assert.Contains(what, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_kind_of_key_we_cannot_use_is_named()
    {
        _files.OpenSsl("genpkey -algorithm ED25519 -out key");
        var problem = Assert.Throws<TlsFileException>(() => PrivateKeyFile.Parse(File.ReadAllText(_files.PathOf("key")), "key", null));
        Assert.Contains("use RSA or ECDSA", problem.Message, StringComparison.Ordinal);
    }
}
