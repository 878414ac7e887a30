using System.Security.Cryptography;
using System.Text;
using Gatehouse.Cluster.Storage;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// The four authorities of a cluster. User CA signs people and machines that call, host CA signs servers; each has a twin for SSH. They are
/// made at first use, one PEM file each, and a lock file keeps two first uses apart.
/// </summary>
internal sealed class Authorities : IDisposable
{
    private Authorities(CertificateAuthority user, CertificateAuthority host, ECDsa sshUser, ECDsa sshHost) =>
        (User, Host, SshUser, SshHost) = (user, host, sshUser, sshHost);

    public CertificateAuthority User { get; }
    public CertificateAuthority Host { get; }
    public ECDsa SshUser { get; }
    public ECDsa SshHost { get; }

    /// <exception cref="ClusterException">A key file is damaged. It is never replaced: every certificate in the field hangs on it.</exception>
    public static async Task<Authorities> LoadOrCreateAsync(DataDirectory data, string cluster, TimeProvider time, CancellationToken cancellation)
    {
        await using var only = await DataDirectory.LockAsync(Path.Combine(data.Authorities, "create.lock"), time, cancellation);
        return new Authorities(
            Load(data, "user.pem", () => CertificateAuthority.Create(cluster, time.GetUtcNow()).ExportPem(), CertificateAuthority.FromPem),
            Load(data, "host.pem", () => CertificateAuthority.Create(cluster, time.GetUtcNow()).ExportPem(), CertificateAuthority.FromPem),
            Load(data, "ssh-user.pem", NewKeyPem, KeyFromPem),
            Load(data, "ssh-host.pem", NewKeyPem, KeyFromPem));
    }

    public void Dispose()
    {
        User.Dispose();
        Host.Dispose();
        SshUser.Dispose();
        SshHost.Dispose();
    }

    private static T Load<T>(DataDirectory data, string name, Func<string> create, Func<string, T> read)
    {
        var path = Path.Combine(data.Authorities, name);
        if (!File.Exists(path))
            Disk.WriteAtomically(path, Encoding.ASCII.GetBytes(create()));
        try
        {
            return read(File.ReadAllText(path));
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw new ClusterException($"{path} is damaged: {error.Message}; restore it from a backup", error);
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(path, error);
        }
    }

    private static string NewKeyPem()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return key.ExportPkcs8PrivateKeyPem() + "\n";
    }

    private static ECDsa KeyFromPem(string pem)
    {
        var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return key;
    }
}
