using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using Gatehouse.Hosting.Tls;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>The pool of connections to the receiver: HTTP/2 where TLS negotiates it, else HTTP/1.1, kept between requests.</summary>
internal sealed class ReceiverConnections : IDisposable
{
    /// <summary>Fluentd closes after 10 idle seconds; a request sent into a closing connection costs a retry.</summary>
    private static readonly TimeSpan IdleTimeout = TimeSpan.FromSeconds(8);

    /// <summary>So that a changed address record or TLS file reaches every connection some time.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private static readonly SslApplicationProtocol[] Both = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];
    private static readonly SslApplicationProtocol[] Http11Only = [SslApplicationProtocol.Http11];

    private readonly ClientTls _tls;
    private readonly HttpMessageInvoker _invoker;
    private volatile bool _http2;

    public ReceiverConnections(ClientTls tls, int maxConnections)
    {
        _tls = tls;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            // Exactly what we ask for goes out: no cookies, no followed redirect (it would turn the POST into a GET), no proxy from
            // the environment (upstream uses none for Fluentd), no trace header.
            UseCookies = false,
            AllowAutoRedirect = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            Expect100ContinueTimeout = TimeSpan.Zero,
            MaxConnectionsPerServer = maxConnections,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = IdleTimeout,
            PooledConnectionLifetime = Lifetime,
            ConnectTimeout = ConnectTimeout,
            ConnectCallback = ConnectAsync,
            PlaintextStreamFilter = FilterAsync,
            // Bytes of the receiver's own names in headers are not our business.
            ResponseHeaderEncodingSelector = static (_, _) => System.Text.Encoding.Latin1,
        });
    }

    /// <summary>Whether the newest connection negotiated HTTP/2; upstream's User-Agent tells the versions apart.</summary>
    public bool IsHttp2 => _http2;

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) => _invoker.SendAsync(request, cancellation);

    public void Dispose() => _invoker.Dispose();

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(context.DnsEndPoint, cancellation);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        var transport = new NetworkStream(socket, ownsSocket: true);
        if (context.InitialRequestMessage.RequestUri!.Scheme != Uri.UriSchemeHttps)
            return transport;
        // The handler takes an SslStream as it is, and only so can each connection have the certificate of its day.
        return await _tls.AuthenticateAsync(
            transport, context.DnsEndPoint.Host, context.InitialRequestMessage.Version.Major == 1 ? Http11Only : Both, cancellation);
    }

    private ValueTask<Stream> FilterAsync(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellation)
    {
        _http2 = context.NegotiatedHttpVersion.Major > 1;
        return new(_http2 ? context.PlaintextStream : new EarlyAnswerStream(context.PlaintextStream));
    }
}
