using Gatehouse.Api.Auth;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Gatehouse.Cluster.Auth;
using Gatehouse.Cluster.AuditLog;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Cluster.Services;

/// <summary>The part of <c>proto.AuthService</c> that is there (teleport-wire 4.1, 4.3). Rights come before validation and before existence.</summary>
internal sealed class AuthService(ClusterIdentity cluster, Gate gate, LockStore locks, EventLog log, TimeProvider time)
{
    private const string Name = "/proto.AuthService/";

    /// <summary>
    /// The release of the real API whose calls and messages these are. Clients compare it with their own and warn about servers that are
    /// older than they can work with.
    /// </summary>
    public const string ApiVersion = "18.0.0";

    public void Register(GrpcServer server)
    {
        server.Unary(Name + "Ping", PingRequest.Parser, Ping);
        server.Unary(Name + "GetLock", GetLockRequest.Parser, GetLock);
        server.Unary(Name + "GetLocks", GetLocksRequest.Parser, GetLocks);
        server.Unary(Name + "UpsertLock", LockV2.Parser, UpsertLockAsync);
        server.Unary(Name + "DeleteLock", DeleteLockRequest.Parser, DeleteLockAsync);
    }

    private Task<PingResponse> Ping(PingRequest request, GrpcCall call)
    {
        gate.Admit(call);
        return Task.FromResult(new PingResponse
        {
            ClusterName = cluster.Name,
            ServerVersion = ApiVersion,
            ServerFeatures = new Features(),
            RemoteAddr = $"{call.Http.Connection.RemoteIpAddress}:{call.Http.Connection.RemotePort}",
        });
    }

    private Task<LockV2> GetLock(GetLockRequest request, GrpcCall call)
    {
        gate.Admit(call).Require("lock", "read");
        RequireName(request.Name);
        return Task.FromResult(locks.Find(request.Name) ?? throw NotFound(request.Name));
    }

    private Task<GetLocksResponse> GetLocks(GetLocksRequest request, GrpcCall call)
    {
        gate.Admit(call).Require("lock", "list", "read");
        return Task.FromResult(new GetLocksResponse { Locks = { locks.List(request.Targets, request.InForceOnly) } });
    }

    private async Task<Empty> UpsertLockAsync(LockV2 request, GrpcCall call)
    {
        var caller = gate.Admit(call);
        caller.Require("lock", "create", "update");
        RequireName(request.Metadata?.Name ?? "");
        if (request.Spec?.Target is not { } target || target.Equals(new LockTarget()))
            throw new GrpcException(GrpcStatus.InvalidArgument, "at least one target field must be set");
        locks.Upsert(request, caller.User);
        await log.AppendAsync(AuthEvents.LockCreated(cluster, request, caller, time.GetUtcNow()), CancellationToken.None);
        return new Empty();
    }

    private async Task<Empty> DeleteLockAsync(DeleteLockRequest request, GrpcCall call)
    {
        var caller = gate.Admit(call);
        caller.Require("lock", "delete");
        RequireName(request.Name);
        if (!locks.Delete(request.Name))
            throw NotFound(request.Name);
        await log.AppendAsync(AuthEvents.LockDeleted(cluster, request.Name, caller, time.GetUtcNow()), CancellationToken.None);
        return new Empty();
    }

    private static void RequireName(string name)
    {
        if (name.Length == 0)
            throw new GrpcException(GrpcStatus.InvalidArgument, "missing lock name");
    }

    private static GrpcException NotFound(string name) => new(GrpcStatus.NotFound, $"lock \"{name}\" is not found");
}
