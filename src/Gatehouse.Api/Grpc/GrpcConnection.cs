namespace Gatehouse.Api.Grpc;

/// <summary>
/// One HTTP/2 handler and the calls that run on it. The handler reconnects by itself after a loss or a GOAWAY; a retired one takes no
/// new calls and is disposed with its last.
/// </summary>
internal sealed class GrpcConnection : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly Lock _gate = new();
    private int _calls;
    private bool _retired;

    public GrpcConnection(GrpcChannelOptions options)
    {
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            ConnectCallback = (_, cancellation) => ConnectAsync(options, cancellation),
            ConnectTimeout = options.ConnectTimeout,
            KeepAlivePingDelay = options.KeepAlive,
            KeepAlivePingTimeout = options.KeepAliveTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            InitialHttp2StreamWindowSize = options.StreamWindowBytes,
            // One connection carries all calls, as with the real client; it stays open while idle, kept alive by pings.
            EnableMultipleHttp2Connections = false,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
        });
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) => _invoker.SendAsync(request, cancellation);

    public void Lease()
    {
        lock (_gate)
            _calls++;
    }

    public void Release()
    {
        lock (_gate)
        {
            if (--_calls > 0 || !_retired)
                return;
        }
        _invoker.Dispose();
    }

    /// <summary>Retires it: calls that run go on.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_retired)
                return;
            _retired = true;
            if (_calls > 0)
                return;
        }
        _invoker.Dispose();
    }

    /// <summary>Marks what the dialer reports, so that it can be told from what happens on an open connection.</summary>
    private static async ValueTask<Stream> ConnectAsync(GrpcChannelOptions options, CancellationToken cancellation)
    {
        try
        {
            return await options.Connect(cancellation);
        }
        catch (Exception reason) when (!cancellation.IsCancellationRequested)
        {
            throw new GrpcConnectException(reason);
        }
    }
}

/// <summary>Carries the dialer's exception through the HTTP handler.</summary>
internal sealed class GrpcConnectException(Exception reason) : Exception(reason.Message, reason);
