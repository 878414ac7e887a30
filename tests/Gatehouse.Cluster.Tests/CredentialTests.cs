using System.Formats.Asn1;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Cluster.Auth;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

public sealed class CredentialTests
{
    // The subject of a real auth server's certificate, as its TLS handshake showed it.
    private const string RealServerSubject =
        "307f3109300706035504091300310d300b060355041113046e756c6c310e300c060355040a130541646d696e313a30380603550403133139333661643636622d"
        + "366166342d343135392d393035612d3937656162346539646433352e6578616d706c652e746573743117301506052bce0f0107130c6578616d706c652e74657374";

    [Fact]
    public void A_subject_has_the_bytes_of_the_real_one()
    {
        var subject = CertificateSubject.Read(new X500DistinguishedName(Convert.FromHexString(RealServerSubject)));
        Assert.NotNull(subject);
        Assert.Equal("936ad66b-6af4-4159-905a-97eab4e9dd35.example.test", subject.User);
        Assert.Equal(["Admin"], subject.Roles);
        Assert.Equal("example.test", subject.Cluster);
        Assert.Equal(RealServerSubject, Convert.ToHexStringLower(subject.Encode()));
    }

    [Fact]
    public void Values_of_one_attribute_share_one_set_and_come_back()
    {
        var subject = new CertificateSubject
        {
            User = "jürgen@example.test",
            Roles = ["b", "a", "long-role"],
            Logins = ["root", "-teleport-internal-join"],
            RouteToCluster = "example.test",
            Traits = "{}",
            Cluster = "example.test",
            Impersonator = "host.example.test",
            KeyPolicy = "none",
        };
        var der = subject.Encode();
        var read = CertificateSubject.Read(new X500DistinguishedName(der))!;
        Assert.Equal(subject.User, read.User);
        Assert.Equal(subject.Roles.Order(), read.Roles.Order());
        Assert.Equal(subject.Logins.Order(), read.Logins.Order());
        Assert.Equal(subject.Impersonator, read.Impersonator);
        Assert.Equal(subject.KeyPolicy, read.KeyPolicy);
        // L, STREET, postalCode, O, CN and three 1.3.9999 attributes.
        var rdns = new AsnReader(der, AsnEncodingRules.DER).ReadSequence();
        var count = 0;
        for (; rdns.HasData; count++)
            rdns.ReadSetOf();
        Assert.Equal(8, count);
    }

    [Fact]
    public async Task OpenSSH_reads_the_certificate_of_an_identity_file()
    {
        var keygen = Peer.Require("ssh-keygen");
        using var folder = new TemporaryFolder();
        var identity = await RunningCluster.SignAsync(folder["data"], "alice", CredentialFormat.File, "auditor");
        var line = (await File.ReadAllLinesAsync(identity, TestContext.Current.CancellationToken)).Single(l => l.StartsWith("ecdsa-sha2-nistp256-cert-v01@openssh.com ", StringComparison.Ordinal));
        await File.WriteAllTextAsync(folder["id-cert.pub"], line + "\n", TestContext.Current.CancellationToken);
        var said = await Programs.RunAsync(keygen, ["-L", "-f", folder["id-cert.pub"]]);
        Assert.True(said.ExitCode == 0, said.Error);
        Assert.Contains("user certificate", said.Output, StringComparison.Ordinal);
        Assert.Contains("Key ID: \"alice\"", said.Output, StringComparison.Ordinal);
        Assert.Contains("-teleport-internal-join", said.Output, StringComparison.Ordinal);
        // ssh-keygen -L verifies no signature; a key revocation list check with the CA does parse all of it.
        Assert.Contains("Signing CA: ECDSA", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OpenSSL_verifies_a_user_certificate_against_the_user_authority_only()
    {
        var openssl = Peer.Require("openssl");
        using var folder = new TemporaryFolder();
        var pair = await RunningCluster.SignAsync(folder["data"], "teleport-event-handler", CredentialFormat.Tls);
        var userCa = folder["user-ca.crt"];
        var pem = await File.ReadAllTextAsync(folder["data", "ca", "user.pem"], TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(userCa, pem[pem.IndexOf("-----BEGIN CERTIFICATE", StringComparison.Ordinal)..], TestContext.Current.CancellationToken);
        var good = await Programs.RunAsync(openssl, ["verify", "-purpose", "sslclient", "-CAfile", userCa, pair + ".crt"]);
        Assert.True(good.ExitCode == 0, good.Error);
        var bad = await Programs.RunAsync(openssl, ["verify", "-CAfile", pair + ".cas", pair + ".crt"]);
        Assert.NotEqual(0, bad.ExitCode);
        var text = (await Programs.RunAsync(openssl, ["x509", "-in", pair + ".crt", "-noout", "-text"])).Output;
        Assert.Contains("CA:FALSE", text, StringComparison.Ordinal);
        Assert.Contains("TLS Web Server Authentication, TLS Web Client Authentication", text, StringComparison.Ordinal);
        Assert.Contains("Digital Signature, Key Encipherment", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Subject Key Identifier", text, StringComparison.Ordinal);
        Assert.Contains("Authority Key Identifier", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_of_a_cluster_are_for_its_owner_alone()
    {
        using var folder = new TemporaryFolder();
        var pair = await RunningCluster.SignAsync(folder["data"], "teleport-event-handler", CredentialFormat.Tls);
        foreach (var path in Directory.EnumerateFileSystemEntries(folder["data"], "*", SearchOption.AllDirectories).Append(pair + ".key"))
        {
            var expected = Directory.Exists(path)
                ? UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
                : UnixFileMode.UserRead | UnixFileMode.UserWrite;
            Assert.True(File.GetUnixFileMode(path) == expected, path);
        }
    }

    [Fact]
    public async Task An_unknown_user_needs_roles_and_a_known_one_has_them()
    {
        using var folder = new TemporaryFolder();
        var refused = await Assert.ThrowsAsync<ClusterException>(() => RunningCluster.SignAsync(folder["data"], "bob", CredentialFormat.File));
        Assert.Contains("--roles", refused.Message, StringComparison.Ordinal);
        var role = await Assert.ThrowsAsync<ClusterException>(() => RunningCluster.SignAsync(folder["data"], "bob", CredentialFormat.File, "nosuch"));
        Assert.Contains("\"nosuch\" is not known", role.Message, StringComparison.Ordinal);
        await RunningCluster.SignAsync(folder["data"], "bob", CredentialFormat.File, "auditor");
        await RunningCluster.SignAsync(folder["data"], "bob", CredentialFormat.File);
    }

    [Fact]
    public async Task A_file_that_is_there_is_replaced_only_on_request()
    {
        using var folder = new TemporaryFolder();
        var request = new SignRequest { DataDir = folder["data"], User = "teleport-event-handler", Out = folder["identity"] };
        await AuthSign.RunAsync(request, TimeProvider.System, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<ClusterException>(() => AuthSign.RunAsync(request, TimeProvider.System, TestContext.Current.CancellationToken));
        await AuthSign.RunAsync(request with { Overwrite = true }, TimeProvider.System, TestContext.Current.CancellationToken);
    }
}
