using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.EventHandler.Configure;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Configure;

public sealed class CertificateTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("server", "sslserver")]
    [InlineData("client", "sslclient")]
    public async Task OpenSSL_verifies_both_certificates_strictly(string certificate, string purpose)
    {
        var openssl = Peer.Require("openssl");
        await ConfigureRun.Of(ConfigureRun.Plan(folder) with { KeyLength = 2048, DnsNames = ["forwarder.example.com"], Ips = ["10.1.2.3"] });

        var verify = Program.Run(
            openssl, folder.Path, "verify", "-x509_strict", "-purpose", purpose, "-verify_hostname", "forwarder.example.com", "-CAfile", "ca.crt", $"{certificate}.crt");

        Assert.Equal($"{certificate}.crt: OK\n", verify.Output);
    }

    [Fact]
    public async Task OpenSSL_reads_the_server_key_with_the_password_and_not_without()
    {
        var openssl = Peer.Require("openssl");
        await ConfigureRun.Of(ConfigureRun.Plan(folder, "secret \"pa\\ss") with { KeyLength = 2048 });

        var right = Program.Run(openssl, folder.Path, "rsa", "-in", "server.key", "-passin", "pass:secret \"pa\\ss", "-noout", "-modulus");
        var wrong = Program.Run(openssl, folder.Path, "rsa", "-in", "server.key", "-passin", "pass:other", "-noout", "-modulus");

        Assert.Equal(0, right.ExitCode);
        Assert.Equal(Program.Run(openssl, folder.Path, "x509", "-in", "server.crt", "-noout", "-modulus").Output, right.Output);
        Assert.NotEqual(0, wrong.ExitCode);
    }

    [Fact]
    public async Task The_names_are_looked_up_unless_addresses_are_given()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder) with { DnsNames = ["a.test", "b.test"] }, resolve: name => name == "a.test" ? [IPAddress.Parse("10.0.0.1")] : [IPAddress.Parse("10.0.0.2"), IPAddress.Parse("fe80::1%1")]);

        foreach (var file in new[] { "server.crt", "client.crt" })
        {
            var names = Names(file);
            Assert.Equal(["a.test", "b.test"], names.EnumerateDnsNames());
            Assert.Equal(["10.0.0.1", "10.0.0.2", "fe80::1"], names.EnumerateIPAddresses().Select(address => address.ToString()));
        }
    }

    [Fact]
    public async Task A_name_that_cannot_be_looked_up_ends_it_before_anything_is_written()
    {
        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder) with { DnsNames = ["nosuch.invalid"] }, resolve: _ => throw new SocketException((int)SocketError.HostNotFound));

        Assert.Equal(255, run.ExitCode);
        Assert.StartsWith("teleport-event-handler: error: lookup nosuch.invalid: no such host", run.Errors, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task Without_names_and_addresses_there_is_no_alternative_name_at_all()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder) with { DnsNames = [] });

        using var server = X509CertificateLoader.LoadCertificateFromFile(folder["server.crt"]);
        Assert.Empty(server.Extensions.OfType<X509SubjectAlternativeNameExtension>());
    }

    [Fact]
    public async Task The_common_name_goes_to_the_server_and_the_ttl_to_all()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder) with { CommonName = "handler.example.com", Ttl = TimeSpan.FromHours(36) });

        var subjects = new List<string>();
        foreach (var name in new[] { "ca", "server", "client" })
        {
            using var certificate = X509CertificateLoader.LoadCertificateFromFile(folder[$"{name}.crt"]);
            subjects.Add(certificate.Subject);
            Assert.Equal(TimeSpan.FromHours(36), certificate.NotAfter - certificate.NotBefore);
        }
        Assert.Equal(["CN=CA", "CN=handler.example.com", "CN=Client"], subjects);
    }

    [Fact]
    public async Task A_time_to_live_past_2049_is_readable_to_OpenSSL()
    {
        var openssl = Peer.Require("openssl");
        await ConfigureRun.Of(ConfigureRun.Plan(folder) with { Ttl = TimeSpan.FromDays(365 * 100) });

        var dates = Program.Run(openssl, folder.Path, "x509", "-in", "server.crt", "-noout", "-enddate").Output;
        Assert.Contains((DateTimeOffset.UtcNow.Year + 99).ToString(CultureInfo.InvariantCulture)[..3], dates, StringComparison.Ordinal);
    }

    private X509SubjectAlternativeNameExtension Names(string file)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(folder[file]);
        return certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
    }
}
