using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Cluster.Storage;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// The auth server's own certificate (teleport-wire 6.1). Clients check the name <c>teleport.cluster.local</c> whatever address they dialled;
/// the node's name and addresses are there for everybody else. Kept, and made anew when a name is missing or it ends soon.
/// </summary>
internal static class HostCertificate
{
    private const int LifetimeYears = 10;
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    public static X509Certificate2 LoadOrIssue(DataDirectory data, ClusterIdentity cluster, Authorities authorities, string listenHost, DateTimeOffset now)
    {
        var path = Path.Combine(data.Authorities, "auth-server.pem");
        var hosts = Hosts(listenHost);
        if (File.Exists(path) && Read(path) is { } kept)
        {
            if (StillGood(kept, authorities.Host.Certificate, hosts, now))
                return kept;
            kept.Dispose();
        }
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        // The real one carries the role Admin, not Auth.
        var subject = new CertificateSubject { User = cluster.HostUser, Roles = ["Admin"], Cluster = cluster.Name };
        using var issued = authorities.Host.Issue(subject.Encode(), key, now, now.AddYears(LifetimeYears), hosts);
        Disk.WriteAtomically(path, Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n" + issued.ExportCertificatePem() + "\n"));
        return issued.CopyWithPrivateKey(key);
    }

    private static List<string> Hosts(string listenHost)
    {
        var hosts = new List<string> { Environment.MachineName.ToLowerInvariant(), "*.teleport.cluster.local", "teleport.cluster.local", "localhost" };
        if (IPAddress.TryParse(listenHost, out var address))
        {
            if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
                hosts.Add(address.ToString());
        }
        else if (listenHost.Length > 0)
        {
            hosts.Add(listenHost);
        }
        hosts.AddRange(["127.0.0.1", "::1"]);
        return hosts.Distinct().ToList();
    }

    private static X509Certificate2? Read(string path)
    {
        try
        {
            var pem = File.ReadAllText(path);
            return X509Certificate2.CreateFromPem(pem, pem);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            // Nothing hangs on this certificate but this process: a damaged one is made anew.
            return null;
        }
    }

    private static bool StillGood(X509Certificate2 certificate, X509Certificate2 authority, List<string> hosts, DateTimeOffset now)
    {
        if (certificate.NotAfter - RenewBefore < now.LocalDateTime || !certificate.IssuerName.RawData.AsSpan().SequenceEqual(authority.SubjectName.RawData))
            return false;
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().SingleOrDefault();
        if (names is null)
            return false;
        var present = names.EnumerateDnsNames().Concat(names.EnumerateIPAddresses().Select(a => a.ToString())).ToHashSet();
        return hosts.All(present.Contains);
    }
}
