using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Gatehouse.Api.Grpc;

/// <summary>
/// The methods a server answers. What is not here is answered as unimplemented, in the words of the real one (teleport-wire 3.4);
/// what is not gRPC gets 415.
/// </summary>
public sealed class GrpcServer
{
    /// <summary>Response metadata <c>version</c> on every call.</summary>
    public string? ServerVersion { get; init; }

    /// <summary>Largest request message in bytes.</summary>
    public int MaxReceiveBytes { get; init; } = 4 * 1024 * 1024;

    public void Unary<TRequest, TResponse>(string method, MessageParser<TRequest> parser, Func<TRequest, GrpcCall, Task<TResponse>> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> => throw new NotImplementedException();

    /// <summary>The handler writes messages; when it returns the stream ends with OK, when it throws <see cref="GrpcException"/> with that status.</summary>
    public void ServerStream<TRequest>(string method, MessageParser<TRequest> parser, Func<TRequest, GrpcResponseStream, GrpcCall, Task> handler)
        where TRequest : IMessage<TRequest> => throw new NotImplementedException();

    /// <summary>A unary method whose answer is already protobuf bytes.</summary>
    public void UnaryBytes<TRequest>(string method, MessageParser<TRequest> parser, Func<TRequest, GrpcCall, Task<ReadOnlyMemory<byte>>> handler)
        where TRequest : IMessage<TRequest> => throw new NotImplementedException();

    /// <summary>Puts all methods behind an ASP.NET Core endpoint route builder (Kestrel, HTTP/2).</summary>
    public void Map(IEndpointRouteBuilder routes) => throw new NotImplementedException();
}

/// <summary>One call as its handler sees it.</summary>
/// <param name="Cancellation">Fires when the client left, the deadline passed or the server stops.</param>
/// <param name="ClientCertificate">The caller's verified certificate, or null.</param>
public sealed record GrpcCall(HttpContext Http, X509Certificate2? ClientCertificate, CancellationToken Cancellation);

/// <summary>Where a streaming handler writes. Not for concurrent use.</summary>
public sealed class GrpcResponseStream
{
    public ValueTask WriteAsync(IMessage message) => throw new NotImplementedException();

    /// <summary>Writes a message that is already protobuf bytes. Flushes when enough is buffered and at the end of the call, or call <see cref="FlushAsync"/>.</summary>
    public ValueTask WriteBytesAsync(ReadOnlyMemory<byte> message) => throw new NotImplementedException();

    public ValueTask FlushAsync() => throw new NotImplementedException();
}
