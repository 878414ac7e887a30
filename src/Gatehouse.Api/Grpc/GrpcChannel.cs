using System.Net;
using Google.Protobuf;

namespace Gatehouse.Api.Grpc;

/// <summary>
/// A gRPC client connection (HTTP/2) that reconnects by itself; calls may run in parallel. Three ways of not getting an answer are
/// told apart: the caller's token ends a call with <see cref="OperationCanceledException"/>, the deadline with
/// <see cref="GrpcStatus.DeadlineExceeded"/>, a lost or missing connection with <see cref="GrpcStatus.Unavailable"/>.
/// </summary>
public sealed class GrpcChannel(GrpcChannelOptions options) : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Uri _base = new($"http://{options.Authority}/");
    private GrpcConnection? _current;
    private bool _disposed;

    public GrpcChannelOptions Options { get; } = options;

    /// <summary>Response metadata <c>version</c> as last seen; null before the first answer and from servers that do not send it.</summary>
    public string? ServerVersion { get; private set; }

    /// <summary>Sends one message and takes one back.</summary>
    /// <param name="method">Full method such as <c>/proto.AuthService/Ping</c>.</param>
    /// <param name="deadline">Time for the whole call; sent as <c>grpc-timeout</c>.</param>
    /// <exception cref="GrpcException">The call ended with a status other than OK, or no connection came up (Unavailable).</exception>
    public Task<TResponse> UnaryAsync<TResponse>(string method, IMessage request, MessageParser<TResponse> parser, TimeSpan? deadline, CancellationToken cancellation)
        where TResponse : IMessage<TResponse> => UnaryAsync(method, request, bytes => GrpcWire.Parse(parser, bytes), deadline, cancellation);

    /// <summary>As above, but the answer stays bytes. The array is the caller's.</summary>
    public Task<byte[]> UnaryBytesAsync(string method, IMessage request, TimeSpan? deadline, CancellationToken cancellation) =>
        UnaryAsync(method, request, static bytes => bytes.ToArray(), deadline, cancellation);

    /// <summary>Opens a server stream and returns when its response headers are there.</summary>
    /// <param name="cancellation">Ends the opening; what follows is bounded by the tokens given to the stream, and by disposing it.</param>
    public Task<GrpcMessageStream> ServerStreamAsync(string method, IMessage request, CancellationToken cancellation) =>
        ServerStreamAsync(method, request, null, cancellation);

    /// <summary>As above, from a peer that must not be silent for long.</summary>
    /// <param name="patience">
    /// How long the headers, and then each further piece of the answer, may be waited for; longer ends the stream as DeadlineExceeded. Only
    /// waiting counts, not the time the reader takes. An answered PING says that a connection lives, not that anybody behind it does.
    /// </param>
    /// <exception cref="GrpcException">The call ended with a status other than OK, nothing came in time, or no connection came up.</exception>
    public Task<GrpcMessageStream> ServerStreamAsync(string method, IMessage request, TimeSpan? patience, CancellationToken cancellation) =>
        WithinAsync(patience, method, token => OpenStreamAsync(method, request, patience, token), cancellation);

    private async Task<GrpcMessageStream> OpenStreamAsync(string method, IMessage request, TimeSpan? patience, CancellationToken cancellation)
    {
        var connection = Acquire();
        try
        {
            var stream = await OpenAsync(connection, method, request, null, cancellation);
            stream.Patience = patience;
            return stream;
        }
        catch
        {
            connection.Release();
            throw;
        }
    }

    /// <summary>Lets running calls end on the old connection while new calls open a new one, as after a change of credentials.</summary>
    public void Reconnect()
    {
        GrpcConnection? old;
        lock (_gate)
        {
            old = _current;
            _current = null;
        }
        old?.Dispose();
    }

    /// <summary>No new calls from here on. The connection closes when its last call has ended.</summary>
    public void Dispose()
    {
        lock (_gate)
            _disposed = true;
        Reconnect();
    }

    private delegate T Decode<T>(ReadOnlySpan<byte> message);

    private Task<T> UnaryAsync<T>(string method, IMessage request, Decode<T> decode, TimeSpan? deadline, CancellationToken cancellation) =>
        WithinAsync(deadline, method, token => ExchangeAsync(method, request, decode, deadline, token), cancellation);

    private async Task<T> WithinAsync<T>(TimeSpan? limit, string method, Func<CancellationToken, Task<T>> call, CancellationToken cancellation)
    {
        if (limit is not { } time)
            return await call(cancellation);
        if (time <= TimeSpan.Zero)
            throw new GrpcException(GrpcStatus.DeadlineExceeded, "the deadline passed before the call began");

        using var timer = new CancellationTokenSource(time, Options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellation);
        try
        {
            return await call(either.Token);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw new OperationCanceledException(cancellation);
        }
        catch (OperationCanceledException surprise) when (timer.IsCancellationRequested)
        {
            throw new GrpcException(GrpcStatus.DeadlineExceeded, FormattableString.Invariant($"no answer to {method} within {time.TotalSeconds:0.###} s"), surprise);
        }
    }

    private async Task<T> ExchangeAsync<T>(string method, IMessage request, Decode<T> decode, TimeSpan? deadline, CancellationToken cancellation)
    {
        var connection = Acquire();
        GrpcMessageStream stream;
        try
        {
            stream = await OpenAsync(connection, method, request, deadline, cancellation);
        }
        catch
        {
            connection.Release();
            throw;
        }
        await using (stream)
        {
            if (!await stream.WaitToReadAsync(cancellation) || !stream.TryRead(out var message))
                throw new GrpcException(GrpcStatus.Internal, $"the answer to {method} holds no message");
            var answer = decode(message);
            if (await stream.WaitToReadAsync(cancellation))
                throw new GrpcException(GrpcStatus.Internal, $"the answer to {method} holds more than one message");
            return answer;
        }
    }

    /// <summary>Sends the request and judges the response headers. The stream takes over the connection's lease; after an exception it is still the caller's.</summary>
    private async Task<GrpcMessageStream> OpenAsync(GrpcConnection connection, string method, IMessage request, TimeSpan? deadline, CancellationToken cancellation)
    {
        using var message = Compose(method, request, deadline);
        HttpResponseMessage response;
        try
        {
            response = await connection.SendAsync(message, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            throw;
        }
        catch (Exception failure) when (GrpcFailure.Recognizes(failure))
        {
            throw GrpcFailure.From(failure);
        }

        try
        {
            if (response.Headers.TryGetValues("version", out var versions))
                ServerVersion = versions.First();
            if (GrpcOutcome.OfHeaders(response) is { } outcome && outcome.Status != GrpcStatus.Ok)
                throw outcome.ToException();
            var body = await response.Content.ReadAsStreamAsync(cancellation);
            return new GrpcMessageStream(response, body, connection, Options.MaxReceiveBytes, Options.Time);
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private HttpRequestMessage Compose(string method, IMessage request, TimeSpan? deadline)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, new Uri(_base, method))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new GrpcRequestContent(request),
        };
        var headers = message.Headers;
        headers.TryAddWithoutValidation("user-agent", GrpcWire.UserAgent);
        headers.TryAddWithoutValidation("te", "trailers");
        headers.TryAddWithoutValidation("grpc-accept-encoding", GrpcWire.AcceptEncoding);
        if (deadline is { } time)
            headers.TryAddWithoutValidation("grpc-timeout", GrpcWire.FormatTimeout(time));
        if (Options.ClientVersion is { } version)
            headers.TryAddWithoutValidation("version", version);
        return message;
    }

    private GrpcConnection Acquire()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            _current ??= new GrpcConnection(Options);
            _current.Lease();
            return _current;
        }
    }
}
