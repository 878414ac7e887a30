using Google.Protobuf;

namespace Gatehouse.Api.Grpc;

/// <summary>How a channel reaches its peer and what it tolerates.</summary>
public sealed record GrpcChannelOptions
{
    /// <summary>Opens one connection that already speaks HTTP/2 (TLS done). Called again for each reconnect.</summary>
    public required Func<CancellationToken, ValueTask<Stream>> Connect { get; init; }

    /// <summary>The <c>:authority</c> of every call.</summary>
    public string Authority { get; init; } = "teleport.cluster.local";

    /// <summary>Largest message taken from the peer in bytes. Pages hold 1 MiB of events, or one event that is larger.</summary>
    public int MaxReceiveBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>HTTP/2 PING interval; the real server punishes anything faster than 60 s (teleport-wire 3.1).</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);
}

/// <summary>A gRPC client connection (HTTP/2) that reconnects by itself; calls may run in parallel.</summary>
public sealed class GrpcChannel(GrpcChannelOptions options) : IDisposable
{
    public GrpcChannelOptions Options { get; } = options;

    /// <summary>Sends one message and takes one back.</summary>
    /// <param name="method">Full method such as <c>/proto.AuthService/Ping</c>.</param>
    /// <param name="deadline">Time for the whole call; sent as <c>grpc-timeout</c>.</param>
    /// <exception cref="GrpcException">The call ended with a status other than OK, or no connection came up (Unavailable).</exception>
    public Task<TResponse> UnaryAsync<TResponse>(string method, IMessage request, MessageParser<TResponse> parser, TimeSpan? deadline, CancellationToken cancellation)
        where TResponse : IMessage<TResponse> => throw new NotImplementedException();

    /// <summary>As above, but the answer stays bytes. The array is the caller's.</summary>
    public Task<byte[]> UnaryBytesAsync(string method, IMessage request, TimeSpan? deadline, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Opens a server stream and returns when its response headers are there.</summary>
    public Task<GrpcMessageStream> ServerStreamAsync(string method, IMessage request, CancellationToken cancellation) => throw new NotImplementedException();

    /// <summary>Lets running calls end on the old connection while new calls open a new one, as after a change of credentials.</summary>
    public void Reconnect() => throw new NotImplementedException();

    public void Dispose() => throw new NotImplementedException();
}
