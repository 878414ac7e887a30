using System.Net.Security;
using System.Net.WebSockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Api.Dialing;

/// <summary>
/// The way through a load balancer that ends TLS (teleport-wire 2.7): an HTTP upgrade at <c>/webapi/connectionupgrade</c>, whose
/// bytes the proxy takes for a TLS connection of its own. New proxies answer with a WebSocket, old ones with raw bytes in ping framing.
/// </summary>
internal static class ConnectionUpgrade
{
    private const string Protocol = "alpn-ping";

    /// <summary>Asks for the upgrade. Disposes the transport when it fails.</summary>
    /// <exception cref="WayFailedException">The peer does not upgrade.</exception>
    public static async Task<Stream> OpenAsync(Stream transport, ClusterAddress address, DialSettings settings, CancellationToken cancellation)
    {
        var outer = new SslStream(transport);
        try
        {
            await WebTls.HandshakeAsync(outer, address.Host, settings, cancellation);
            var key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
            await outer.WriteAsync(Encoding.ASCII.GetBytes(Request(address, key)), cancellation);
            var answer = await HttpHead.ReadAsync(outer, $"the web listener at {address}", cancellation);
            return Accept(outer, answer, key, address);
        }
        catch
        {
            await outer.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the peer at the address keeps ALPN from the proxy, and what it is in words.</summary>
    public static async Task<(bool Needed, string Finding)> ProbeAsync(ClusterAddress address, DialSettings settings, TimeProvider time, CancellationToken cancellation)
    {
        if (Override(address.Host, settings.Environment("TELEPORT_TLS_ROUTING_CONN_UPGRADE")) is { } forced)
            return (forced, forced ? "TELEPORT_TLS_ROUTING_CONN_UPGRADE asks for it" : "not tried: TELEPORT_TLS_ROUTING_CONN_UPGRADE forbids it");

        using var limit = new CancellationTokenSource(settings.Probe, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await using var transport = await Transport.OpenAsync(address, settings, linked.Token);
            await using var stream = new SslStream(transport);
            await stream.AuthenticateAsClientAsync(ProbeOptions(address.Host), linked.Token);
            var agreed = Encoding.ASCII.GetString(stream.NegotiatedApplicationProtocol.Protocol.Span);
            return agreed == "teleport-reversetunnel" ? (false, "not tried: a proxy with TLS routing answers, no upgrade is needed") : (true, "no ALPN");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (false, "not tried: the probe for it got no answer");
        }
        catch (Exception e) when (e is AuthenticationException or IOException or WayFailedException)
        {
            return TlsText.Alert(e) == 120
                ? (true, "the peer refused ALPN")
                : (false, $"not tried: the probe for it failed: {(e is WayFailedException ? e.Message : TlsText.Explain(e) ?? e.Message)}");
        }
    }

    private static SslClientAuthenticationOptions ProbeOptions(string host) => new()
    {
        TargetHost = host,
        ApplicationProtocols = [new SslApplicationProtocol("teleport-reversetunnel")],
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        // Only ALPN is asked; nothing is sent. The upgrade itself checks the certificate and says what is wrong with it.
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
    };

    private static string Request(ClusterAddress address, string key) =>
        "GET /webapi/connectionupgrade HTTP/1.1\r\n" +
        $"Host: {address}\r\n" +
        "User-Agent: gatehouse\r\n" +
        "Connection: Upgrade\r\n" +
        $"Sec-WebSocket-Key: {key}\r\n" +
        $"Sec-WebSocket-Protocol: {Protocol}\r\n" +
        "Sec-WebSocket-Version: 13\r\n" +
        "Upgrade: websocket\r\n" +
        $"Upgrade: {Protocol}\r\n" +
        $"X-Teleport-Upgrade: {Protocol}\r\n\r\n";

    private static Stream Accept(Stream outer, HttpHead answer, string key, ClusterAddress address)
    {
        switch (answer.Status)
        {
            case 101:
                break;
            case 404:
                throw new WayFailedException(
                    $"the web listener at {address} knows no connection upgrade (404): the proxy is too old, TLS routing is off, or the load balancer " +
                    "dropped an Upgrade line; the auth service's own address (port 3025) works without");
            case >= 300 and < 400:
                throw new WayFailedException(
                    $"the web listener at {address} redirects ({answer.Status}): {address} is not the proxy's public address, so it takes the name for an application");
            default:
                throw new WayFailedException($"the web listener at {address} refused the connection upgrade: {TlsText.Printable(answer.StatusLine)}");
        }
        if (!string.Equals(answer.Header("Upgrade"), "websocket", StringComparison.OrdinalIgnoreCase))
            return new PingFramedStream(outer);

        if (answer.Header("Sec-WebSocket-Accept") != AcceptOf(key))
            throw new WayFailedException($"the web listener at {address} gave a WebSocket answer to another question (Sec-WebSocket-Accept)");
        if (answer.Header("Sec-WebSocket-Protocol") is not (Protocol or "alpn"))
            throw new WayFailedException($"the web listener at {address} speaks another protocol over its WebSocket than {Protocol}");
        var socket = WebSocket.CreateFromStream(outer, new WebSocketCreationOptions
        {
            SubProtocol = Protocol,
            // The proxy pings; our own pings keep a balancer's idle timer (60 s is usual) from closing a quiet tunnel.
            KeepAliveInterval = TimeSpan.FromSeconds(30),
        });
        return WebSocketStream.Create(socket, WebSocketMessageType.Binary, closeTimeout: TimeSpan.FromSeconds(1));
    }

    private static string AcceptOf(string key)
    {
#pragma warning disable CA5350 // RFC 6455 fixes SHA-1 here; it proves that the peer read the request, nothing more.
        return Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
#pragma warning restore CA5350
    }

    /// <summary>The variable holds <c>true</c>, <c>false</c> or entries <c>host=boolean</c>, separated by comma or semicolon.</summary>
    private static bool? Override(string host, string? variable)
    {
        bool? general = null;
        foreach (var entry in (variable ?? "").Split([',', ';'], StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var parts = entry.Split('=', 2, StringSplitOptions.TrimEntries);
            var value = parts[^1].ToLowerInvariant() switch { "true" or "yes" or "1" or "on" => true, "false" or "no" or "0" or "off" => (bool?)false, _ => null };
            if (parts.Length == 1)
                general = value ?? general;
            else if (parts[0].Equals(host, StringComparison.OrdinalIgnoreCase) && value is not null)
                return value;
        }
        return general;
    }
}
