using Gatehouse.Api.Grpc;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// Decides who a caller is (teleport-wire 3.4, 6.1). TLS has verified the certificate against the user CA already; this reads the subject,
/// looks at expiry again because connections outlive certificates, and at the locks in force.
/// </summary>
internal sealed class Gate(ClusterIdentity cluster, Registry registry, LockStore locks, RefusedLogins refused, TimeProvider time)
{
    private static readonly Caller Nobody = new("", null, []);

    /// <exception cref="GrpcException">Permission denied: expired, restricted, of another cluster, or locked.</exception>
    public Caller Admit(GrpcCall call)
    {
        if (call.ClientCertificate is not { } certificate)
            return Nobody;
        if (CertificateSubject.Read(certificate.SubjectName) is not { } subject)
            throw Refuse(call, certificate.Subject, "the certificate names no user");
        if (certificate.NotAfter.ToUniversalTime() <= time.GetUtcNow())
            throw Refuse(call, subject.User, $"the certificate expired at {certificate.NotAfter.ToUniversalTime():yyyy-MM-dd'T'HH:mm:ss'Z'}");
        if (subject.Usages.Count > 0)
            throw Refuse(call, subject.User, $"the certificate is restricted to {string.Join(", ", subject.Usages)}");
        if (subject.Cluster != cluster.Name)
            throw Refuse(call, subject.User, $"the certificate is for the cluster \"{subject.Cluster}\"");
        if (locks.Refusal(subject.User, subject.Roles) is { } locked)
            throw Refuse(call, subject.User, locked);
        var roles = subject.Roles.Select(registry.FindRole).OfType<Role>().ToList();
        return new Caller(subject.User, subject.Impersonator, roles);
    }

    private GrpcException Refuse(GrpcCall call, string user, string reason)
    {
        var connection = call.Http.Connection;
        refused.Report(user, $"{connection.LocalIpAddress}:{connection.LocalPort}", $"{connection.RemoteIpAddress}:{connection.RemotePort}", reason);
        return new GrpcException(GrpcStatus.PermissionDenied, reason);
    }
}
