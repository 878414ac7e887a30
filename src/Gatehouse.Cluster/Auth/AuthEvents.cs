using System.Text.Json;
using Gatehouse.Api.Types;
using Gatehouse.Cluster.AuditLog;

namespace Gatehouse.Cluster.Auth;

/// <summary>The audit events of the auth service, with the fields the real one writes (checked against the event catalogue by a test).</summary>
internal static class AuthEvents
{
    /// <summary>How the real one writes a time that is not set and not nullable.</summary>
    private const string NoTime = "0001-01-01T00:00:00Z";

    public static byte[] CertificateCreated(ClusterIdentity cluster, CertificateSubject subject, DateTimeOffset expires, DateTimeOffset now) =>
        OwnEvent.Create("cert.create", "TC000I", cluster.Name, now, writer =>
        {
            writer.WriteString("cert_type", "user");
            writer.WriteStartObject("identity");
            writer.WriteString("user", subject.User);
            writer.WriteUnlessEmpty("impersonator", subject.Impersonator);
            writer.WriteStrings("roles", subject.Roles);
            writer.WriteStrings("logins", subject.Logins);
            writer.WriteString("expires", LogTime.Format(expires));
            writer.WriteString("route_to_cluster", subject.RouteToCluster);
            writer.WriteString("teleport_cluster", subject.Cluster);
            writer.WriteString("prev_identity_expires", NoTime);
            writer.WriteEndObject();
        });

    public static byte[] UserSaved(ClusterIdentity cluster, User user, bool created, DateTimeOffset now) =>
        OwnEvent.Create(created ? "user.create" : "user.update", created ? "T1002I" : "T1003I", cluster.Name, now, writer =>
        {
            writer.WriteString("user", cluster.HostUser);
            writer.WriteString("name", user.Name);
            writer.WriteString("expires", NoTime);
            writer.WriteStrings("roles", user.Roles);
            writer.WriteString("connector", "local");
        });

    public static byte[] LoginRefused(ClusterIdentity cluster, string user, string local, string remote, string reason, DateTimeOffset now) =>
        OwnEvent.Create("auth", "T3007W", cluster.Name, now, writer =>
        {
            writer.WriteUnlessEmpty("user", user);
            writer.WriteUnlessEmpty("addr.local", local);
            writer.WriteUnlessEmpty("addr.remote", remote);
            writer.WriteBoolean("success", false);
            writer.WriteString("error", reason);
        });

    public static byte[] LockCreated(ClusterIdentity cluster, LockV2 item, Caller by, DateTimeOffset now) =>
        OwnEvent.Create("lock.created", "TLK00I", cluster.Name, now, writer =>
        {
            writer.WriteString("name", item.Metadata.Name);
            writer.WriteString("expires", item.Spec.Expires is { } expires ? LogTime.Format(expires.ToDateTimeOffset()) : NoTime);
            writer.WriteString("updated_by", by.User);
            By(writer, by);
            var target = item.Spec.Target;
            writer.WriteStartObject("target");
            writer.WriteUnlessEmpty("user", target.User);
            writer.WriteUnlessEmpty("role", target.Role);
            writer.WriteUnlessEmpty("login", target.Login);
            writer.WriteUnlessEmpty("node", target.Node);
            writer.WriteUnlessEmpty("mfa_device", target.MfaDevice);
            writer.WriteUnlessEmpty("windows_desktop", target.WindowsDesktop);
            writer.WriteUnlessEmpty("access_request", target.AccessRequest);
            writer.WriteUnlessEmpty("device", target.Device);
            writer.WriteUnlessEmpty("server_id", target.ServerId);
            writer.WriteEndObject();
        });

    public static byte[] LockDeleted(ClusterIdentity cluster, string name, Caller by, DateTimeOffset now) =>
        OwnEvent.Create("lock.deleted", "TLK01I", cluster.Name, now, writer =>
        {
            writer.WriteString("name", name);
            writer.WriteString("expires", NoTime);
            By(writer, by);
        });

    public static byte[] RecordingRead(ClusterIdentity cluster, string session, Caller by, DateTimeOffset now) =>
        OwnEvent.Create("session.recording.access", "T2012I", cluster.Name, now, writer =>
        {
            writer.WriteString("sid", session);
            By(writer, by);
        });

    private static void By(Utf8JsonWriter writer, Caller by)
    {
        writer.WriteString("user", by.User);
        writer.WriteUnlessEmpty("impersonator", by.Impersonator);
    }
}
