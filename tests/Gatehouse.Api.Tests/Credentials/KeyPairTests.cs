using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Api.Credentials;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Credentials;

public sealed class KeyPairTests : IDisposable
{
    private readonly TestCluster cluster = new();
    private readonly TemporaryFolder folder = new();

    public void Dispose()
    {
        cluster.Dispose();
        folder.Dispose();
    }

    [Fact]
    public void The_triple_that_tctl_signs_is_read()
    {
        string Golden(string name) => Repository.PathOf("tests", "data", "handler-golden", "credentials", name);

        var credentials = CredentialSource.FromKeyPair(Golden("auth.crt"), Golden("auth.key"), Golden("auth.cas")).Current;

        Assert.Equal("example.test", credentials.ClusterName);
        Assert.True(credentials.Certificate.HasPrivateKey);
    }

    [Fact]
    public void A_CA_file_may_hold_several_and_a_certificate_file_a_chain()
    {
        using var other = new TestCluster("other.test");
        using var key = RSA.Create(2048);
        var chain = cluster.User(key).ExportCertificatePem() + "\n" + cluster.UserCa.ExportCertificatePem();

        var credentials = KeyPair.Parse(chain, TestCluster.KeyPem(key), cluster.HostCa.ExportCertificatePem() + "\n" + other.HostCa.ExportCertificatePem());

        Assert.Equal(2, credentials.Authorities.Count);
        Assert.Equal([cluster.UserCa.Thumbprint], credentials.Intermediates.Select(one => one.Thumbprint));
    }

    [Fact]
    public void Without_its_own_attribute_the_cluster_is_named_by_the_issuer()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=someone", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var signerKey = cluster.UserCa.GetECDsaPrivateKey()!;
        var signer = X509SignatureGenerator.CreateForECDsa(signerKey);
        using var certificate = request.Create(cluster.UserCa.SubjectName, signer, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddHours(1), [1]);

        Assert.Equal("example.test", CertificateNames.ClusterName(certificate));
    }

    [Fact]
    public void Each_file_that_does_not_fit_is_named()
    {
        using var key = RSA.Create(2048);
        using var user = cluster.User(key);
        var (certificate, pem, ca) = (user.ExportCertificatePem(), TestCluster.KeyPem(key), cluster.HostCa.ExportCertificatePem());

        Assert.Contains("the certificate file", Message(pem, pem, ca), StringComparison.Ordinal);
        Assert.Contains("the key file", Message(certificate, certificate, ca), StringComparison.Ordinal);
        Assert.Contains("the CA file", Message(certificate, pem, pem), StringComparison.Ordinal);
        Assert.Contains("the CA file: invalid PEM block (fragment)", Message(certificate, pem, ca[..^10]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var source = CredentialSource.FromKeyPair(folder["a.crt"], folder["a.key"], folder["a.cas"]);

        Assert.Equal($"{folder["a.crt"]}: no such file", Assert.Throws<CredentialException>(() => source.Current).Message);
    }

    private static string Message(string certificate, string key, string authorities) =>
        Assert.Throws<CredentialException>(() => KeyPair.Parse(certificate, key, authorities)).Message;
}
