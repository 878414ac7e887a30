using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Cluster.Storage;

namespace Gatehouse.Cluster.Auth;

/// <summary>Forms in which a credential is written (teleport-wire 1.2).</summary>
public enum CredentialFormat
{
    /// <summary>One identity file, <c>OUT</c>.</summary>
    File,

    /// <summary><c>OUT.key</c>, <c>OUT.crt</c>, <c>OUT.cas</c>.</summary>
    Tls,
}

/// <summary>What <c>gatehouse auth sign</c> is asked for.</summary>
public sealed record SignRequest
{
    public required string DataDir { get; init; }
    public required string User { get; init; }

    /// <summary>Name of the identity file, or what the three names begin with.</summary>
    public required string Out { get; init; }

    public CredentialFormat Format { get; init; } = CredentialFormat.File;

    /// <summary>How long the credential is good: a minute to ten years.</summary>
    public TimeSpan Ttl { get; init; } = TimeSpan.FromHours(12);

    /// <summary>Roles of a user who is not known yet, or his new ones. Empty: those he has.</summary>
    public IReadOnlyList<string> Roles { get; init; } = [];

    /// <summary>As in <see cref="ClusterPlan.ClusterName"/>; matters on the first command in a new folder.</summary>
    public string? ClusterName { get; init; }

    /// <summary>Replace files that are there.</summary>
    public bool Overwrite { get; init; }
}

/// <param name="Files">What was written.</param>
/// <param name="NotAfter">End of the credential.</param>
public sealed record SignResult(IReadOnlyList<string> Files, IReadOnlyList<string> Roles, DateTimeOffset NotAfter);

/// <summary>
/// Issues a user's credential on the auth host, from the files, whether the service runs or not. Its events are handed to the audit log
/// (<see cref="IncomingSegments"/>) before the credential is written: a certificate that nobody recorded must not exist.
/// </summary>
public static class AuthSign
{
    private const string JoinPrincipal = "-teleport-internal-join";
    private static readonly TimeSpan MinTtl = TimeSpan.FromMinutes(1), MaxTtl = TimeSpan.FromDays(3653);

    /// <exception cref="ClusterException">Unknown user or role, bad life time, files that are there, a folder that cannot be used.</exception>
    public static async Task<SignResult> RunAsync(SignRequest request, TimeProvider time, CancellationToken cancellation)
    {
        if (request.Ttl < MinTtl || request.Ttl > MaxTtl)
            throw new ClusterException($"a credential lives between one minute and ten years, not {request.Ttl}");
        CheckUserName(request.User);
        CheckFiles(request);
        var data = DataDirectory.Open(request.DataDir);
        var cluster = ClusterIdentity.LoadOrCreate(data, request.ClusterName);
        using var authorities = await Authorities.LoadOrCreateAsync(data, cluster.Name, time, cancellation);
        var now = time.GetUtcNow();
        var events = new List<byte[]>();
        var user = FindUser(new Registry(data), request, cluster, now, events);
        return Issue(request, data, cluster, authorities, user, now, events);
    }

    private static SignResult Issue(
        SignRequest request, DataDirectory data, ClusterIdentity cluster, Authorities authorities, User user, DateTimeOffset now, List<byte[]> events)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new CertificateSubject
        {
            User = user.Name,
            Roles = user.Roles,
            // Roles give no host logins yet; the real one then adds a name nobody has, so that the list is never a way in.
            Logins = [JoinPrincipal, $"-teleport-nologin-{Guid.NewGuid()}"],
            RouteToCluster = cluster.Name,
            Traits = "{}",
            Cluster = cluster.Name,
            Impersonator = cluster.HostUser,
            KeyPolicy = "none",
        };
        using var certificate = authorities.User.Issue(subject.Encode(), key, now, now + request.Ttl);
        var notAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime());
        events.Add(AuthEvents.CertificateCreated(cluster, subject, notAfter, now));
        HandIn(data, events, now);
        var files = request.Format == CredentialFormat.File
            ? IdentityFiles(request, cluster, authorities, key, subject, certificate, now, notAfter)
            : TlsFiles(request, authorities, key, certificate);
        foreach (var (path, content) in files)
            Write(path, content);
        return new SignResult(files.Select(file => file.Path).ToList(), user.Roles, notAfter);
    }

    private static List<(string Path, byte[] Content)> IdentityFiles(
        SignRequest request, ClusterIdentity cluster, Authorities authorities, ECDsa key, CertificateSubject subject,
        System.Security.Cryptography.X509Certificates.X509Certificate2 certificate, DateTimeOffset now, DateTimeOffset notAfter)
    {
        var ssh = SshCertificate.IssueLine(authorities.SshUser, key, subject.User, subject.Logins, now.AddMinutes(-1), notAfter);
        return [(request.Out, IdentityFile.Write(key, ssh, certificate, cluster.Name, authorities))];
    }

    private static List<(string Path, byte[] Content)> TlsFiles(
        SignRequest request, Authorities authorities, ECDsa key, System.Security.Cryptography.X509Certificates.X509Certificate2 certificate) =>
    [
        (request.Out + ".key", Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n")),
        (request.Out + ".crt", Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n")),
        (request.Out + ".cas", Encoding.ASCII.GetBytes(authorities.Host.Certificate.ExportCertificatePem() + "\n")),
    ];

    private static User FindUser(Registry registry, SignRequest request, ClusterIdentity cluster, DateTimeOffset now, List<byte[]> events)
    {
        var known = registry.FindUser(request.User);
        if (request.Roles.Count == 0)
            return known ?? throw new ClusterException($"user \"{request.User}\" is not known; name his roles with --roles ({Known(registry)})");
        foreach (var role in request.Roles)
        {
            if (registry.FindRole(role) is null)
                throw new ClusterException($"role \"{role}\" is not known ({Known(registry)})");
        }
        var user = new User(request.User, request.Roles.Distinct().ToList());
        if (known is null || !known.Roles.SequenceEqual(user.Roles))
        {
            registry.Save(user);
            events.Add(AuthEvents.UserSaved(cluster, user, known is null, now));
        }
        return user;
    }

    private static string Known(Registry registry) => "roles are: " + string.Join(", ", registry.RoleNames.Order(StringComparer.Ordinal));

    private static void HandIn(DataDirectory data, List<byte[]> events, DateTimeOffset now)
    {
        var content = new SegmentContent();
        var lines = new ArrayBufferWriter<byte>();
        foreach (var line in events)
        {
            if (!LogLine.TryRead(line, out var fields, out var nanoseconds, out var problem) || !content.TryAdd(line, fields, nanoseconds, out problem))
                throw new InvalidOperationException($"an event of our own is malformed: {problem}");
            lines.Write(line);
            lines.Write("\n"u8);
        }
        IncomingSegments.Put(data, DateOnly.FromDateTime(now.UtcDateTime), content, lines.WrittenSpan);
    }

    private static void CheckUserName(string user)
    {
        if (user.Length is 0 or > 256 || user.Any(char.IsControl))
            throw new ClusterException("a user name has 1 to 256 characters and no control characters");
    }

    private static void CheckFiles(SignRequest request)
    {
        string[] paths = request.Format == CredentialFormat.File ? [request.Out] : [request.Out + ".key", request.Out + ".crt", request.Out + ".cas"];
        if (!request.Overwrite && paths.FirstOrDefault(File.Exists) is { } taken)
            throw new ClusterException($"{taken} exists; say --overwrite to replace it");
        if (!Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(request.Out))))
            throw new ClusterException($"the folder of {request.Out} does not exist");
    }

    private static void Write(string path, byte[] content)
    {
        try
        {
            // A credential is for whoever signs it; the folder's owner may be somebody else.
            Disk.WriteAtomically(path, content, give: false);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new ClusterException($"cannot write {path}: {error.Message}", error);
        }
    }
}
