using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting.Diagnostics;

/// <summary>
/// The process told from outside, in plain HTTP: <c>/healthz</c> (it lives), <c>/readyz</c> (it is of use, or what is not), <c>/metrics</c>.
/// Says nothing secret, and yet belongs on a loopback or cluster-internal address.
/// </summary>
public sealed class DiagnosticsServer : IAsyncDisposable
{
    /// <summary>A scraper and a few probes; whoever opens more is not one of them.</summary>
    private const int MaxConnections = 64;

    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(1);

    private readonly WebApplication _app;

    private DiagnosticsServer(WebApplication app, Uri url) => (_app, Url) = (app, url);

    /// <summary>Where it can be reached from this host, with the port the system chose.</summary>
    public Uri Url { get; }

    /// <exception cref="IOException">Nothing can listen there; the message says where and why.</exception>
    public static async Task<DiagnosticsServer> StartAsync(
        DiagnosticsAddress address, ReadinessRegistry readiness, MetricsCollector metrics, ILoggerFactory logs, CancellationToken cancellation)
    {
        // Ours before the server is made: it would tell of a port that is taken with two stack traces.
        var socket = Listen(address);
        var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(logs);
        builder.WebHost.UseKestrelCore();
        builder.Services.Configure<SocketTransportOptions>(sockets => sockets.CreateBoundListenSocket = _ => socket);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBodySize = 0;
            kestrel.Listen(socket.LocalEndPoint!);
        });
        var app = builder.Build();
        app.Run(context => Answer(context, readiness, metrics));
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            socket.Dispose();
            throw;
        }
        Log.DiagnosticsListening(logs.CreateLogger<DiagnosticsServer>(), address.ToString(), port);
        return new DiagnosticsServer(app, new Uri($"http://{new IPEndPoint(address.Address ?? IPAddress.Loopback, port)}"));
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopTime);
        await _app.StopAsync(limit.Token).ConfigureAwait(false);
        await _app.DisposeAsync().ConfigureAwait(false);
    }

    private static Task Answer(HttpContext context, ReadinessRegistry readiness, MetricsCollector metrics)
    {
        if (!HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method))
        {
            context.Response.Headers.Allow = "GET, HEAD";
            return Text(context, StatusCodes.Status405MethodNotAllowed, "GET or HEAD\n");
        }
        switch (context.Request.Path.Value)
        {
            case "/healthz":
                return Text(context, StatusCodes.Status200OK, "ok\n");
            case "/readyz":
                var missing = readiness.NotReady();
                return missing.Count == 0
                    ? Text(context, StatusCodes.Status200OK, "ok\n")
                    : Text(context, StatusCodes.Status503ServiceUnavailable, string.Join('\n', missing) + "\n");
            case "/metrics":
                return Text(context, StatusCodes.Status200OK, metrics.Render(), PrometheusText.ContentType);
            default:
                return Text(context, StatusCodes.Status404NotFound, "Here are /healthz, /readyz and /metrics.\n");
        }
    }

    private static async Task Text(HttpContext context, int status, string text, string type = "text/plain; charset=utf-8")
    {
        var bytes = System.Text.Encoding.UTF8.GetBytes(text);
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        context.Response.Headers.CacheControl = "no-store";
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted).ConfigureAwait(false);
    }

    /// <exception cref="IOException">Nothing can listen there.</exception>
    private static Socket Listen(DiagnosticsAddress address)
    {
        // A host without IPv6 has no address that stands for both.
        var ip = address.Address ?? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any);
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Address is null && ip.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(ip, address.Port));
            socket.Listen();
            return socket;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new IOException($"Can not listen on {address} for diagnostics: {e.Message}{Hint(e.SocketErrorCode)}", e);
        }
    }

    private static string Hint(SocketError error) => error switch
    {
        SocketError.AddressAlreadyInUse => "; another program, or another handler, listens there: choose another port",
        SocketError.AccessDenied => "; ports below 1024 are for privileged users: choose a higher one",
        SocketError.AddressNotAvailable => "; this host does not have that address: write one of its own, or only :PORT for all",
        _ => "",
    };
}
