using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;

namespace Gatehouse.EventHandler.Check;

/// <summary>
/// Asks the cluster for what a running handler would ask, in ways that change nothing: clusters look at the rights of the caller first
/// and only then at the request (teleport-wire 4.1), so a request that cannot be met tells whether it may be made.
/// </summary>
internal static class RightsCheck
{
    private const string NoSession = "00000000-0000-0000-0000-000000000000";

    /// <summary>A recording that does not exist: who may read recordings is told so.</summary>
    /// <exception cref="OperationCanceledException">The caller lost patience.</exception>
    public static async Task<CheckFinding> OfRecordingsAsync(AuditLogClient client, CancellationToken cancellation)
    {
        try
        {
            await using var stream = await client.SessionEventsAsync(NoSession, 0, cancellation);
            await stream.WaitToReadAsync(cancellation);
        }
        catch (GrpcException e) when (e.Status is not (GrpcStatus.NotFound or GrpcStatus.InvalidArgument))
        {
            return new CheckFinding("recordings", false, $"{e.Message}{Hint(e.Status, "list and read on session")}");
        }
        catch (GrpcException)
        {
            // There is none: as it should be.
        }
        return new CheckFinding("recordings", true, "may be read");
    }

    /// <summary>A lock without a target, which no cluster makes.</summary>
    public static async Task<CheckFinding> OfLocksAsync(AuditLogClient client, CancellationToken cancellation)
    {
        var nobody = new LockV2
        {
            Kind = "lock",
            Version = "v2",
            Metadata = new Metadata { Name = "event-handler-check" },
            Spec = new LockSpecV2 { Target = new LockTarget() },
        };
        try
        {
            await client.UpsertLockAsync(nobody, cancellation);
        }
        catch (GrpcException e) when (e.Status != GrpcStatus.InvalidArgument)
        {
            return new CheckFinding("locks", false, $"{e.Message}{Hint(e.Status, "create and update on lock")}");
        }
        catch (GrpcException)
        {
            // A target is missing: as it should be.
        }
        return new CheckFinding("locks", true, "may be made");
    }

    private static string Hint(GrpcStatus status, string verbs) => status == GrpcStatus.PermissionDenied ? $" (the role needs {verbs})" : "";
}
