using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Gatehouse.Api.Credentials;

namespace Gatehouse.Api.Dialing;

/// <summary>Certificates and TLS failures in words.</summary>
internal static partial class TlsText
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>A chain policy that trusts these roots alone and downloads nothing.</summary>
    public static X509ChainPolicy RootsOnly(X509Certificate2Collection roots)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(roots);
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        return policy;
    }

    /// <summary>Subject, issuer and names of a certificate.</summary>
    public static string Describe(X509Certificate2 certificate) =>
        $"{Printable(certificate.Subject)}, issued by {Printable(certificate.Issuer)}, for {Names(certificate)}";

    /// <summary>The host names and addresses a certificate is for.</summary>
    public static string Names(X509Certificate2 certificate)
    {
        var names = new List<string>();
        foreach (var extension in certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>())
        {
            names.AddRange(extension.EnumerateDnsNames());
            names.AddRange(extension.EnumerateIPAddresses().Select(address => address.ToString()));
        }
        const int Enough = 8;
        return names.Count == 0 ? "no host name" : Printable(string.Join(", ", names.Take(Enough)) + (names.Count > Enough ? ", …" : ""));
    }

    /// <summary>The number of the TLS alert that the peer ended the connection with; null when it was something else.</summary>
    public static int? Alert(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            // OpenSSL's reason code for a received alert is 1000 + its number (library 0A is SSL).
            var match = OpenSslReason.Match(e.Message);
            if (match.Success && Convert.ToInt32(match.Groups[1].Value, 16) is var reason and >= 1000 and < 1256)
                return reason - 1000;
        }
        return null;
    }

    /// <summary>What went wrong in a handshake, as far as it does not depend on our certificate; null when unknown.</summary>
    public static string? Explain(Exception exception) => Alert(exception) switch
    {
        40 => "the peer found nothing in common with our TLS (alert 40, handshake failure)",
        70 => "the peer speaks only TLS versions older than 1.2 (alert 70, protocol version)",
        80 => "the peer had an internal error (alert 80)",
        112 => "the peer does not know the server name (alert 112, unrecognized name)",
        120 => "the peer does not know this way: it refused our application protocols (alert 120)",
        { } number => $"the peer ended the TLS handshake with alert {number}",
        null => exception switch
        {
            // The peer's bytes were no TLS record.
            _ when Mentions(exception, "wrong version number") || Mentions(exception, "corrupted frame") =>
                "what listens there does not speak TLS",
            _ when Mentions(exception, "unsupported protocol") => "the peer speaks only TLS versions older than 1.2",
            IOException when Mentions(exception, "EOF") => "the peer closed the connection during the TLS handshake",
            _ => null,
        },
    };

    /// <summary>Why the cluster refused our certificate; null when the failure is something else.</summary>
    public static string? ExplainRefusal(Exception exception, ClusterCredentials credentials, DateTimeOffset now)
    {
        var issuer = Printable(credentials.Certificate.Issuer);
        return Alert(exception) switch
        {
            45 when now > credentials.NotAfter =>
                $"the cluster refused the client certificate: it expired on {ClusterCredentials.Format(credentials.NotAfter)}; sign a new one",
            45 => $"the cluster refused the client certificate as expired, though it is good until {ClusterCredentials.Format(credentials.NotAfter)} " +
                "by this machine's clock; is a clock wrong?",
            48 => $"the cluster refused the client certificate: it does not know the CA that signed it ({issuer}); " +
                "the credential is of another cluster, or from before a CA rotation",
            42 or 43 or 46 => $"the cluster refused the client certificate ({credentials.Certificate.NotAfter.ToUniversalTime():yyyy-MM-dd} its end, {issuer} its issuer)",
            44 => "the cluster refused the client certificate: it is revoked",
            116 => "the cluster wants a client certificate and says it got none",
            _ => null,
        };
    }

    /// <summary>Text of a peer, safe for a log line and no longer than one.</summary>
    public static string Printable(string text)
    {
        var cut = text.Length <= 300 ? text : text[..300] + "…";
        return string.Create(cut.Length, cut, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
                span[i] = char.IsControl(source[i]) ? '?' : source[i];
        });
    }

    private static bool Mentions(Exception exception, string words)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            if (e.Message.Contains(words, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    [GeneratedRegex("error:0A0{0,3}([0-9A-F]{3}):", RegexOptions.CultureInvariant)]
    private static partial Regex OpenSslReason { get; }
}
