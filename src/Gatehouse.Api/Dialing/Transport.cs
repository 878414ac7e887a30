using System.Net.Sockets;

namespace Gatehouse.Api.Dialing;

/// <summary>TCP to the configured address, by the HTTP proxy of the environment when one applies.</summary>
internal static class Transport
{
    public static async Task<Stream> OpenAsync(ClusterAddress address, DialSettings settings, CancellationToken cancellation)
    {
        if (HttpProxy.For(address, settings.Environment) is not { } proxy)
            return await TcpAsync(address, cancellation);
        var stream = await proxy.ConnectAsync(address, settings, cancellation);
        return stream;
    }

    /// <exception cref="WayFailedException">The reason names host and port.</exception>
    public static async Task<Stream> TcpAsync(ClusterAddress address, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new WayFailedException(Explain(e, address), e);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static string Explain(SocketException e, ClusterAddress address) => e.SocketErrorCode switch
    {
        SocketError.ConnectionRefused => $"connection to {address} refused: nothing listens there",
        SocketError.HostNotFound or SocketError.NoData => $"host name {address.Host} is unknown to DNS",
        SocketError.TryAgain => $"host name {address.Host} could not be looked up: DNS gives no answer",
        SocketError.TimedOut => $"connection to {address} timed out: no answer (a firewall?)",
        SocketError.NetworkUnreachable or SocketError.HostUnreachable => $"{address} cannot be reached: no route",
        _ => $"connection to {address} failed: {e.Message}",
    };
}
