using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.Cluster.Auth;
using Gatehouse.Cluster.AuditLog;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Cluster.Services;

/// <summary><c>teleport.auditlog.v1.AuditLogService</c> (teleport-wire 4.2, 6.3). Rights are looked at before anything else of a request.</summary>
internal sealed class AuditLogService(ClusterIdentity cluster, Gate gate, EventLog log, RecordingStore recordings, TimeProvider time)
{
    private const string Name = "/teleport.auditlog.v1.AuditLogService/";

    /// <summary>Most events of a page, and how many there are when the client does not say.</summary>
    private const int MaxLimit = 1000;

    private readonly EventSearch _search = new(log);
    private readonly ChunkExport _export = new(log);

    public void Register(GrpcServer server)
    {
        server.UnaryBytes(Name + "GetUnstructuredEvents", GetUnstructuredEventsRequest.Parser, Search);
        server.ServerStream(Name + "StreamUnstructuredSessionEvents", StreamUnstructuredSessionEventsRequest.Parser, StreamSessionAsync);
        server.ServerStream(Name + "GetEventExportChunks", GetEventExportChunksRequest.Parser, ListChunksAsync);
        server.ServerStream(Name + "ExportUnstructuredEvents", ExportUnstructuredEventsRequest.Parser, ExportAsync);
    }

    private Task<ReadOnlyMemory<byte>> Search(GetUnstructuredEventsRequest request, GrpcCall call)
    {
        gate.Admit(call).Require("event", "list");
        if ((int)request.Order is not (0 or 1))
            throw new GrpcException(GrpcStatus.InvalidArgument, $"invalid event order: {(int)request.Order}");
        if (request.Limit > MaxLimit)
            throw new GrpcException(GrpcStatus.InvalidArgument, $"limit {request.Limit} exceeds max iteration limit {MaxLimit}");
        var (from, to) = (Nanoseconds(request.StartDate), Nanoseconds(request.EndDate));
        if (from > to)
            throw new GrpcException(GrpcStatus.InvalidArgument, "invalid days");
        var after = request.StartKey.Length == 0 ? null : SearchPosition.Parse(request.StartKey);
        // A key that is not ours is no error at the real one either: an empty page (spec 4.2).
        if (request.StartKey.Length > 0 && after is null)
            return Task.FromResult(ReadOnlyMemory<byte>.Empty);
        // The names of the order say the opposite of what they do.
        var page = _search.Page(
            new SearchRequest(from, to, request.EventTypes.ToHashSet(), request.Limit > 0 ? request.Limit : MaxLimit, (int)request.Order == 1, after),
            call.Cancellation);
        return Task.FromResult(page);
    }

    private async Task StreamSessionAsync(StreamUnstructuredSessionEventsRequest request, GrpcResponseStream stream, GrpcCall call)
    {
        var caller = gate.Admit(call);
        caller.Require("session", "read");
        if (request.SessionId.Length == 0)
            throw new GrpcException(GrpcStatus.InvalidArgument, "missing session id");
        if (!recordings.Exists(request.SessionId))
            throw new GrpcException(GrpcStatus.NotFound, $"a recording for session {request.SessionId} was not found");
        await log.AppendAsync(AuthEvents.RecordingRead(cluster, request.SessionId, caller, time.GetUtcNow()), call.Cancellation);
        await recordings.StreamAsync(request.SessionId, request.StartIndex, stream.WriteBytesAsync, call.Cancellation);
    }

    private async Task ListChunksAsync(GetEventExportChunksRequest request, GrpcResponseStream stream, GrpcCall call)
    {
        gate.Admit(call).Require("event", "list");
        if (request.Date is null)
            throw new GrpcException(GrpcStatus.InvalidArgument, "missing date");
        foreach (var chunk in _export.Chunks(DayOf(request.Date)))
            await stream.WriteAsync(new EventExportChunk { Chunk = chunk });
    }

    private async Task ExportAsync(ExportUnstructuredEventsRequest request, GrpcResponseStream stream, GrpcCall call)
    {
        gate.Admit(call).Require("event", "list");
        if (request.Date is null)
            throw new GrpcException(GrpcStatus.InvalidArgument, "missing date");
        if (request.Chunk.Length == 0)
            throw new GrpcException(GrpcStatus.InvalidArgument, "missing chunk");
        if (!ExportCursor.TryParse(request.Cursor, out var skip))
            throw new GrpcException(GrpcStatus.InvalidArgument, $"invalid cursor \"{request.Cursor}\"");
        var day = DayOf(request.Date);
        var chunk = _export.Find(day, request.Chunk)
            ?? throw new GrpcException(GrpcStatus.NotFound, $"chunk \"{request.Chunk}\" of {day:yyyy-MM-dd} is not found");
        ClusterMetrics.EventsExported.Add(await ChunkExport.StreamAsync(chunk, skip, stream.WriteFramesAsync, call.Cancellation));
    }

    /// <summary>An absent time is 1970, as in the real one's language.</summary>
    private static long Nanoseconds(Timestamp? time) => time is null ? 0 : LogTime.FromClamped(time.Seconds, time.Nanos);

    private static DateOnly DayOf(Timestamp date) => LogTime.Day(LogTime.FromClamped(date.Seconds, date.Nanos));
}
