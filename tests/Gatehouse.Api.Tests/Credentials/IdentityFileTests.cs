using System.Security.Cryptography;
using Gatehouse.Api.Credentials;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Credentials;

public sealed class IdentityFileTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        cluster.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void The_identity_of_a_real_cluster_is_read()
    {
        var credentials = CredentialSource.FromIdentityFile(Repository.PathOf("tests", "data", "handler-golden", "credentials", "identity")).Current;

        Assert.Equal("example.test", credentials.ClusterName);
        Assert.True(credentials.Certificate.HasPrivateKey);
        Assert.Equal(new DateTimeOffset(2036, 11, 18, 0, 34, 31, TimeSpan.Zero), credentials.NotAfter);
        Assert.Single(credentials.Authorities);
    }

    [Theory]
    [InlineData("rsa")]
    [InlineData("p256")]
    [InlineData("p384")]
    [InlineData("sec1")]
    [InlineData("pkcs8-rsa")]
    public void Every_kind_of_key_is_joined_with_its_certificate(string kind)
    {
        using AsymmetricAlgorithm key = kind switch
        {
            "rsa" or "pkcs8-rsa" => RSA.Create(2048),
            "p384" => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            _ => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        };
        var text = cluster.Identity(key);
        text = kind switch
        {
            "sec1" => text.Replace(TestCluster.KeyPem(key), ((ECDsa)key).ExportECPrivateKeyPem(), StringComparison.Ordinal),
            "pkcs8-rsa" => text.Replace(TestCluster.KeyPem(key), key.ExportPkcs8PrivateKeyPem(), StringComparison.Ordinal),
            _ => text,
        };

        var credentials = IdentityFile.Parse(text);

        Assert.True(credentials.Certificate.HasPrivateKey);
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), credentials.Certificate.PublicKey.ExportSubjectPublicKeyInfo());
    }

    [Fact]
    public void White_space_CRLF_comments_and_a_byte_order_mark_do_not_matter()
    {
        var text = "\uFEFF" + cluster.Identity().Replace("\n", "  \r\n\t", StringComparison.Ordinal) + "# a comment\r\n\r\n";

        Assert.Equal("example.test", IdentityFile.Parse(text).ClusterName);
    }

    [Fact]
    public void Several_CAs_are_all_taken()
    {
        using var leaf = new TestCluster("leaf.test");

        var credentials = IdentityFile.Parse(cluster.Identity() + leaf.HostCa.ExportCertificatePem());

        Assert.Equal([cluster.HostCa.Thumbprint, leaf.HostCa.Thumbprint], credentials.Authorities.Select(authority => authority.Thumbprint));
    }

    [Fact]
    public void A_missing_SSH_line_is_no_fault()
    {
        var path = folder.Write("identity", cluster.Identity(ssh: false));

        Assert.True(CredentialSource.FromIdentityFile(path).Current.Certificate.HasPrivateKey);
    }

    [Fact]
    public void A_file_cut_off_at_any_byte_is_an_error_or_already_whole()
    {
        var text = cluster.Identity();
        var whole = text.LastIndexOf("-----END", StringComparison.Ordinal);

        for (var length = 0; length <= whole; length += 7)
            Assert.Throws<CredentialException>(() => IdentityFile.Parse(text[..length]));
    }

    [Fact]
    public void A_key_in_a_hardware_token_is_named_as_such()
    {
        var text = cluster.Identity().Replace("PRIVATE KEY", "PIV YUBIKEY PRIVATE KEY", StringComparison.Ordinal);

        Assert.Contains("hardware token", Assert.Throws<CredentialException>(() => IdentityFile.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_Ed25519_credential_is_refused_with_the_way_out()
    {
        var openssl = Peer.Require("openssl");
        var run = Program.Run(openssl, folder.Path, "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "key", "-out", "crt", "-subj", "/O=example.test/CN=x", "-days", "2");
        Assert.Equal(0, run.ExitCode);
        var text = File.ReadAllText(folder["key"]) + File.ReadAllText(folder["crt"]) + cluster.HostCa.ExportCertificatePem();

        Assert.Contains("Ed25519", Assert.Throws<CredentialException>(() => IdentityFile.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_certificate_is_refused()
    {
        using var first = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var second = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var text = cluster.Identity(first).Replace(TestCluster.KeyPem(first), TestCluster.KeyPem(second), StringComparison.Ordinal);

        Assert.Contains("private key does not match public key", Assert.Throws<CredentialException>(() => IdentityFile.Parse(text)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_with_a_passphrase_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var encrypted = key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000));
        var text = cluster.Identity(key).Replace(TestCluster.KeyPem(key), encrypted, StringComparison.Ordinal);

        var error = Assert.Throws<CredentialException>(() => IdentityFile.Parse(text));
        Assert.Contains("passphrase", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_given_as_identity_is_said_to_be_one()
    {
        var path = folder.Write("ca.crt", cluster.HostCa.ExportCertificatePem());

        var error = Assert.Throws<CredentialException>(() => CredentialSource.FromIdentityFile(path).Current);

        Assert.StartsWith($"identity file {path} could not be decoded: unexpected private key PEM type \"CERTIFICATE\"", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("some other text\n")]
    public void A_text_that_is_no_identity_says_so(string text) =>
        Assert.Contains("no PEM block", Assert.Throws<CredentialException>(() => IdentityFile.Parse(text)).Message, StringComparison.Ordinal);
}
