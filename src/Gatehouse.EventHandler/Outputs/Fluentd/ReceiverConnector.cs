using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Gatehouse.Hosting.Tls;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>Opens connections to the receiver, with TLS and whatever certificates the files hold at that moment. No proxy: upstream uses none for Fluentd.</summary>
internal sealed class ReceiverConnector(ClientTls tls)
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);
    private static readonly SslApplicationProtocol[] Protocols = [SslApplicationProtocol.Http2, SslApplicationProtocol.Http11];

    /// <exception cref="HttpRequestException">It cannot be reached, or TLS does not come about.</exception>
    public async Task<(Stream Stream, Socket Socket)> ConnectAsync(Uri uri, CancellationToken cancellation)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        patience.CancelAfter(Timeout);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(new DnsEndPoint(uri.DnsSafeHost, uri.Port), patience.Token);
            var transport = new NetworkStream(socket, ownsSocket: true);
            return (uri.Scheme == Uri.UriSchemeHttps ? await tls.AuthenticateAsync(transport, uri.IdnHost, Protocols, patience.Token) : transport, socket);
        }
        catch (Exception e) when (Trouble(e, cancellation) is not null)
        {
            socket.Dispose();
            throw Trouble(e, cancellation)!;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static HttpRequestException? Trouble(Exception e, CancellationToken cancellation) => e switch
    {
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
            new HttpRequestException(HttpRequestError.NameResolutionError, e.Message, e),
        SocketException => new HttpRequestException(HttpRequestError.ConnectionError, e.Message, e),
        AuthenticationException or IOException => new HttpRequestException(HttpRequestError.SecureConnectionError, e.Message, e),
        OperationCanceledException when !cancellation.IsCancellationRequested =>
            new HttpRequestException(HttpRequestError.ConnectionError, $"no connection within {Timeout.TotalSeconds:0} s"),
        _ => null,
    };
}
