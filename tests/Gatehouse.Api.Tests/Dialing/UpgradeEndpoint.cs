using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>How the proxy behind the balancer answers an upgrade.</summary>
public enum UpgradeKind
{
    /// <summary>As new proxies do.</summary>
    WebSocket,

    /// <summary>As version 14 and older do: 101 and ping framing on raw bytes.</summary>
    PingFraming,

    NotFound,

    Redirect,
}

/// <summary>A proxy's <c>/webapi/connectionupgrade</c> in plain HTTP, for a balancer to stand before; carries to Auth what comes out of it.</summary>
internal sealed class UpgradeEndpoint : IAsyncDisposable
{
    private readonly WebApplication application;

    private UpgradeEndpoint(WebApplication application) => this.application = application;

    public int Port => new Uri(application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public ConcurrentQueue<Dictionary<string, string>> Requests { get; } = new();

    public static async Task<UpgradeEndpoint> StartAsync(UpgradeKind kind, int authPort, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var application = builder.Build();
        var endpoint = new UpgradeEndpoint(application);
        application.UseWebSockets();
        application.Run(context => endpoint.AnswerAsync(context, kind, authPort));
        await application.StartAsync(cancellation);
        return endpoint;
    }

    public async ValueTask DisposeAsync() => await application.DisposeAsync();

    private async Task AnswerAsync(HttpContext context, UpgradeKind kind, int authPort)
    {
        Requests.Enqueue(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase));
        if (context.Request.Path != "/webapi/connectionupgrade" || kind == UpgradeKind.NotFound)
        {
            context.Response.StatusCode = 404;
            return;
        }
        if (kind == UpgradeKind.Redirect)
        {
            context.Response.Redirect("https://elsewhere.test/");
            return;
        }
        using var auth = new TcpClient("127.0.0.1", authPort);
        var target = auth.GetStream();
        if (kind == UpgradeKind.WebSocket)
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { SubProtocol = "alpn-ping", KeepAliveInterval = TimeSpan.FromMilliseconds(20) });
            await PumpAsync(WebSocketStream.Create(socket, WebSocketMessageType.Binary), target, context.RequestAborted);
        }
        else
        {
            context.Response.Headers.Remove("Upgrade");
            var raw = await context.Features.Get<IHttpUpgradeFeature>()!.UpgradeAsync();
            // A keep-alive first: it must be left out of the data.
            await raw.WriteAsync(new byte[4], context.RequestAborted);
            await PumpAsync(new Gatehouse.Api.Dialing.PingFramedStream(raw), target, context.RequestAborted);
        }
    }

    private static async Task PumpAsync(Stream one, Stream other, CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAny(one.CopyToAsync(other, cancellation), other.CopyToAsync(one, cancellation));
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or WebSocketException)
        {
            // A side that leaves ends the other.
        }
    }
}
