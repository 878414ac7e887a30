using System.Collections.Frozen;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Api.Grpc;

/// <summary>
/// The methods a server answers. What is not here is answered as unimplemented, in the words of the real one (teleport-wire 3.4);
/// what is not gRPC gets 415.
/// </summary>
/// <remarks>
/// A call's way: (1) is it gRPC at all, (2) is the method known, (3) how long may it take, (4) the handler reads the request and writes,
/// (5) what came of it becomes a status, (6) which travels in the trailers, or in the only HEADERS frame when nothing was written.
/// </remarks>
public sealed class GrpcServer
{
    /// <summary>A deadline beyond this is none: timers do not reach further, and nobody waits so long.</summary>
    private static readonly TimeSpan LongestDeadline = TimeSpan.FromDays(24);

    private readonly Dictionary<string, Func<GrpcExchange, Task>> _methods = [];

    /// <summary>Response metadata <c>version</c> on every call.</summary>
    public string? ServerVersion { get; init; }

    /// <summary>Largest request message in bytes, after decompression.</summary>
    public int MaxReceiveBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>The clock of deadlines.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    public void Unary<TRequest, TResponse>(string method, MessageParser<TRequest> parser, Func<TRequest, GrpcCall, Task<TResponse>> handler)
        where TRequest : IMessage<TRequest>
        where TResponse : IMessage<TResponse> =>
        _methods.Add(method, async exchange =>
        {
            var request = await exchange.ReadRequestAsync(parser);
            exchange.Response.Append(await handler(request, exchange.Call));
        });

    /// <summary>The handler writes messages; when it returns the stream ends with OK, when it throws <see cref="GrpcException"/> with that status.</summary>
    public void ServerStream<TRequest>(string method, MessageParser<TRequest> parser, Func<TRequest, GrpcResponseStream, GrpcCall, Task> handler)
        where TRequest : IMessage<TRequest> =>
        _methods.Add(method, async exchange => await handler(await exchange.ReadRequestAsync(parser), exchange.Response, exchange.Call));

    /// <summary>A unary method whose answer is already protobuf bytes.</summary>
    public void UnaryBytes<TRequest>(string method, MessageParser<TRequest> parser, Func<TRequest, GrpcCall, Task<ReadOnlyMemory<byte>>> handler)
        where TRequest : IMessage<TRequest> =>
        _methods.Add(method, async exchange =>
        {
            var request = await exchange.ReadRequestAsync(parser);
            exchange.Response.Append((await handler(request, exchange.Call)).Span);
        });

    /// <summary>A method that exists by name only: <c>method X not implemented</c>.</summary>
    public void NotImplemented(string method) =>
        _methods.Add(method, _ => throw new GrpcException(GrpcStatus.Unimplemented, $"method {MethodOf(method)} not implemented"));

    /// <summary>Puts all methods behind an ASP.NET Core endpoint route builder (Kestrel, HTTP/2). Routes of others on the same port come first.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        var methods = _methods.ToFrozenDictionary();
        var services = _methods.Keys.Select(ServiceOf).ToFrozenSet();
        routes.MapFallback("{**method}", http => AnswerAsync(http, methods, services));
    }

    private async Task AnswerAsync(HttpContext http, FrozenDictionary<string, Func<GrpcExchange, Task>> methods, FrozenSet<string> services)
    {
        // 1
        if (!GrpcWire.IsGrpc(http.Request.ContentType))
        {
            http.Response.StatusCode = StatusCodes.Status415UnsupportedMediaType;
            return;
        }
        if (!HttpMethods.IsPost(http.Request.Method) || !HttpProtocol.IsHttp2(http.Request.Protocol))
        {
            http.Response.StatusCode = HttpMethods.IsPost(http.Request.Method) ? StatusCodes.Status426UpgradeRequired : StatusCodes.Status405MethodNotAllowed;
            return;
        }
        http.Response.ContentType = GrpcWire.ContentType;
        if (ServerVersion is not null)
            http.Response.Headers["version"] = ServerVersion;
        var response = new GrpcResponseStream(http);

        // 2
        var path = http.Request.Path.Value ?? "";
        if (!methods.TryGetValue(path, out var method))
        {
            var service = ServiceOf(path);
            response.End(GrpcStatus.Unimplemented, services.Contains(service) ? $"unknown method {MethodOf(path)} for service {service}" : $"unknown service {service}");
            return;
        }

        // 3
        var timeout = LongestDeadline;
        if (http.Request.Headers.TryGetValue("grpc-timeout", out var text) && !GrpcWire.TryParseTimeout(text.ToString(), out timeout))
        {
            response.End(GrpcStatus.Internal, "malformed grpc-timeout");
            return;
        }
        using var deadline = timeout < LongestDeadline ? new CancellationTokenSource(timeout, Time) : null;
        var stopping = http.RequestServices.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, stopping, deadline?.Token ?? CancellationToken.None);
        var call = new GrpcCall(http, http.Connection.ClientCertificate, ending.Token);

        // 4 and 5
        response.Cancellation = ending.Token;
        GrpcStatus status;
        string message;
        try
        {
            await method(new GrpcExchange(call, response, MaxReceiveBytes));
            (status, message) = (GrpcStatus.Ok, "");
        }
        catch (Exception left) when (http.RequestAborted.IsCancellationRequested && left is OperationCanceledException or IOException)
        {
            return; // Nobody is there to be answered.
        }
        catch (GrpcException refused)
        {
            (status, message) = (refused.Status, refused.Message);
        }
        catch (OperationCanceledException) when (deadline is { IsCancellationRequested: true })
        {
            (status, message) = (GrpcStatus.DeadlineExceeded, "the deadline passed");
        }
        catch (OperationCanceledException)
        {
            (status, message) = stopping.IsCancellationRequested ? (GrpcStatus.Unavailable, "the server is stopping") : (GrpcStatus.Cancelled, "the call was cancelled");
        }
        catch (Exception surprise)
        {
            // What it says may tell too much to a stranger; the log has it whole.
            var log = (http.RequestServices.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance).CreateLogger<GrpcServer>();
            Log.HandlerFailed(log, surprise, path);
            (status, message) = (GrpcStatus.Internal, "internal error");
        }

        // 6
        response.End(status, message);
    }

    private static string ServiceOf(string path) => path.LastIndexOf('/') is var slash and > 0 ? path[1..slash] : path.TrimStart('/');

    private static string MethodOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
