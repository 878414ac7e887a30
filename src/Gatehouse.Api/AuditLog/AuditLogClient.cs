using System.Runtime.CompilerServices;
using Gatehouse.Api.Auth;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Api.AuditLog;

/// <summary>The calls an event handler makes (teleport-wire 6.2). Events stay bytes: this client never parses one.</summary>
/// <param name="deadline">For each unary call, and for each silence within a list of chunks; a search over a cold store may be slow. Null is 60 s.</param>
/// <param name="patience">
/// For each silence within a stream of events: servers fetch a chunk, and a recording of whatever size, whole from their store before
/// they send the first event. Null is 10 minutes.
/// </param>
public sealed class AuditLogClient(GrpcChannel channel, TimeSpan? deadline = null, TimeSpan? patience = null)
{
    private readonly TimeSpan _deadline = deadline ?? TimeSpan.FromSeconds(60);
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromMinutes(10);

    /// <summary>One page, as the bytes of an <see cref="EventsUnstructured"/>. The order field is left out, which means oldest first.</summary>
    /// <exception cref="GrpcException">Any status but OK.</exception>
    public Task<byte[]> SearchAsync(EventSearch search, CancellationToken cancellation)
    {
        var request = new GetUnstructuredEventsRequest
        {
            Namespace = "default",
            StartDate = Timestamp.FromDateTimeOffset(search.From),
            EndDate = Timestamp.FromDateTimeOffset(search.To),
            Limit = search.Limit,
            StartKey = search.StartKey,
        };
        request.EventTypes.Add(search.Types);
        return channel.UnaryBytesAsync(Methods.GetUnstructuredEvents, request, _deadline, cancellation);
    }

    /// <summary>Names of a UTC day's chunks so far, in no particular order. <see cref="GrpcStatus.Unimplemented"/> when the server has no export.</summary>
    /// <exception cref="GrpcException">Any status but OK.</exception>
    public async IAsyncEnumerable<string> ExportChunksAsync(DateOnly date, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var request = new GetEventExportChunksRequest { Date = Midnight(date) };
        await using var stream = await channel.ServerStreamAsync(Methods.GetEventExportChunks, request, _deadline, cancellation);
        while (await stream.WaitToReadAsync(cancellation))
        {
            while (TryReadChunk(stream, out var chunk))
                yield return chunk;
        }
    }

    /// <summary>Messages are the bytes of <see cref="ExportEventUnstructured"/>.</summary>
    /// <param name="cursor">Empty from the beginning, or the cursor of the last event taken.</param>
    /// <exception cref="GrpcException">Any status but OK, here or from the stream.</exception>
    public Task<GrpcMessageStream> ExportAsync(DateOnly date, string chunk, string cursor, CancellationToken cancellation)
    {
        var request = new ExportUnstructuredEventsRequest { Date = Midnight(date), Chunk = chunk, Cursor = cursor };
        return channel.ServerStreamAsync(Methods.ExportUnstructuredEvents, request, _patience, cancellation);
    }

    /// <summary>Messages are the bytes of <see cref="EventUnstructured"/>, those with this index and later ones.</summary>
    /// <exception cref="GrpcException">Any status but OK, here or from the stream; NotFound when there is no such recording.</exception>
    public Task<GrpcMessageStream> SessionEventsAsync(string sessionId, int startIndex, CancellationToken cancellation)
    {
        var request = new StreamUnstructuredSessionEventsRequest { SessionId = sessionId, StartIndex = startIndex };
        return channel.ServerStreamAsync(Methods.StreamUnstructuredSessionEvents, request, _patience, cancellation);
    }

    /// <exception cref="GrpcException">Any status but OK.</exception>
    public Task UpsertLockAsync(LockV2 wanted, CancellationToken cancellation) =>
        channel.UnaryAsync(Methods.UpsertLock, wanted, Empty.Parser, _deadline, cancellation);

    /// <exception cref="GrpcException">Any status but OK.</exception>
    public Task<PingResponse> PingAsync(CancellationToken cancellation) =>
        channel.UnaryAsync(Methods.Ping, new PingRequest(), PingResponse.Parser, _deadline, cancellation);

    private static Timestamp Midnight(DateOnly date) => Timestamp.FromDateTime(date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc));

    private static bool TryReadChunk(GrpcMessageStream stream, out string chunk)
    {
        chunk = "";
        if (!stream.TryRead(out var message))
            return false;
        chunk = GrpcWire.Parse(EventExportChunk.Parser, message).Chunk;
        return true;
    }
}
