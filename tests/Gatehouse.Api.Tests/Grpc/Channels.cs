using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Gatehouse.Api.Grpc;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>Channels to a port on this machine.</summary>
internal static class Channels
{
    public static GrpcChannel To(int port, TestPki? pki = null, Func<GrpcChannelOptions, GrpcChannelOptions>? with = null)
    {
        var options = new GrpcChannelOptions { Connect = cancellation => ConnectAsync(port, pki, cancellation) };
        return new GrpcChannel(with?.Invoke(options) ?? options);
    }

    public static async ValueTask<Stream> ConnectAsync(int port, TestPki? pki, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
        var stream = new NetworkStream(socket, ownsSocket: true);
        if (pki is null)
            return stream;
        var tls = new SslStream(stream);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                ApplicationProtocols = [SslApplicationProtocol.Http2],
                ClientCertificates = [pki.Client],
                RemoteCertificateValidationCallback = (_, certificate, _, _) => pki.Issued(certificate),
            },
            cancellation);
        return tls;
    }
}
