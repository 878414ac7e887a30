using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Testing;

/// <summary>
/// A cluster's audit log that follows a script: events appear when a test says so, and calls fail when it says so. Speaks gRPC over
/// plain HTTP/2 on the loopback with a frame writer of its own, so that product code is not tested against itself.
/// </summary>
public sealed class ScriptedCluster : IAsyncDisposable
{
    private const string Service = "/teleport.auditlog.v1.AuditLogService/";

    private readonly Lock _lock = new();
    private readonly List<ScriptedCall> _calls = [];
    private readonly Dictionary<string, List<EventUnstructured>> _recordings = [];
    private TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private WebApplication? _app;

    /// <summary>What searches find.</summary>
    public ScriptedLog Log { get; } = new();

    /// <summary>What bulk export finds; the calls are unimplemented unless <see cref="HasExport"/>.</summary>
    public ScriptedExport Export { get; } = new();

    public bool HasExport { get; set; }

    /// <summary>Asked before each call: a failure to answer with, or null to go on.</summary>
    public Func<ScriptedCall, GrpcException?> Refuse { get; set; } = _ => null;

    /// <summary>Awaited before each call is answered, for servers that say nothing for a while; the token ends with the call.</summary>
    public Func<ScriptedCall, CancellationToken, Task> Hold { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Asked for each search: an answer in place of the log's, or null.</summary>
    public Func<GetUnstructuredEventsRequest, EventsUnstructured?> AnswerSearch { get; set; } = _ => null;

    /// <summary>
    /// Asked in each recording's stream once that many events are on their way: a failure that ends the stream there, or null to go on.
    /// </summary>
    public Func<StreamUnstructuredSessionEventsRequest, int, GrpcException?> BreakRecording { get; set; } = (_, _) => null;

    public int Port { get; private set; }

    /// <summary>Speaks TLS with this certificate, and takes any client certificate; null is plain HTTP/2.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <param name="certificate">See <see cref="Certificate"/>.</param>
    public static async Task<ScriptedCluster> StartAsync(X509Certificate2? certificate = null)
    {
        var cluster = new ScriptedCluster { Certificate = certificate };
        await cluster.StartAgainAsync();
        return cluster;
    }

    /// <summary>Ends all connections at once and listens no more, as a killed server does.</summary>
    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>Listens again, on the port it had.</summary>
    public async Task StartAgainAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, Port, Secure);
            kestrel.Limits.MinResponseDataRate = null;
            // As Go's gRPC server, which looks at the path alone.
            kestrel.AllowAlternateSchemes = true;
        });
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Run(AnswerAsync);
        await _app.StartAsync();
        Port = new Uri(_app.Urls.First()).Port;
    }

    private void Secure(ListenOptions listener)
    {
        listener.Protocols = HttpProtocols.Http2;
        if (Certificate is null)
            return;
        listener.UseHttps(Certificate, https =>
        {
            https.ClientCertificateMode = ClientCertificateMode.AllowCertificate;
            https.AllowAnyClientCertificate();
        });
    }

    /// <summary>A channel to this cluster.</summary>
    public GrpcChannel OpenChannel() => new(new GrpcChannelOptions { Connect = ConnectAsync });

    /// <summary>A connection to this cluster, ready for HTTP/2.</summary>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public void AddRecording(string sessionId, IEnumerable<EventUnstructured> events)
    {
        lock (_lock)
            _recordings[sessionId] = [.. events];
    }

    /// <summary>All calls so far.</summary>
    public IReadOnlyList<ScriptedCall> Calls
    {
        get
        {
            lock (_lock)
                return [.. _calls];
        }
    }

    public IEnumerable<GetUnstructuredEventsRequest> Searches => Calls.Select(call => call.Request).OfType<GetUnstructuredEventsRequest>();

    /// <summary>Waits until the calls so far satisfy the condition.</summary>
    public async Task WhenCallsAsync(Func<IReadOnlyList<ScriptedCall>, bool> condition, CancellationToken cancellation)
    {
        while (true)
        {
            Task called;
            lock (_lock)
                called = _called.Task;
            if (condition(Calls))
                return;
            await called.WaitAsync(cancellation);
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task AnswerAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "";
        var method = path.StartsWith(Service, StringComparison.Ordinal) ? path[Service.Length..] : path;
        http.Response.ContentType = "application/grpc";
        try
        {
            await AnswerAsync(http, method, await ReadMessageAsync(http));
            http.Response.AppendTrailer("grpc-status", "0");
        }
        catch (GrpcException failure)
        {
            Fail(http, failure);
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException)
        {
            http.Abort();
        }
    }

    private async Task AnswerAsync(HttpContext http, string method, byte[] message)
    {
        switch (method)
        {
            case "GetUnstructuredEvents":
                var search = GetUnstructuredEventsRequest.Parser.ParseFrom(message);
                await CalledAsync(http, method, search);
                await WriteAsync(http, AnswerSearch(search)?.ToByteArray() ?? Log.Search(search));
                break;
            case "GetEventExportChunks" when HasExport:
                var list = GetEventExportChunksRequest.Parser.ParseFrom(message);
                await CalledAsync(http, method, list);
                foreach (var chunk in Export.List(DayOf(list.Date)))
                    await WriteAsync(http, new EventExportChunk { Chunk = chunk }.ToByteArray());
                break;
            case "ExportUnstructuredEvents" when HasExport:
                var export = ExportUnstructuredEventsRequest.Parser.ParseFrom(message);
                await CalledAsync(http, method, export);
                await StreamAsync(http, Export.Find(DayOf(export.Date), export.Chunk), export.Cursor);
                break;
            case "StreamUnstructuredSessionEvents":
                var session = StreamUnstructuredSessionEventsRequest.Parser.ParseFrom(message);
                await CalledAsync(http, method, session);
                await StreamAsync(http, session);
                break;
            default:
                await CalledAsync(http, method, null);
                throw new GrpcException(GrpcStatus.Unimplemented, $"unknown method {method} for service teleport.auditlog.v1.AuditLogService");
        }
    }

    private async Task CalledAsync(HttpContext http, string method, IMessage? request)
    {
        var call = new ScriptedCall(method, request);
        lock (_lock)
        {
            _calls.Add(call);
            _called.TrySetResult();
            _called = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        await Hold(call, http.RequestAborted);
        if (Refuse(call) is { } failure)
            throw failure;
    }

    private static async Task StreamAsync(HttpContext http, ScriptedChunk chunk, string cursor)
    {
        var position = ScriptedChunk.PositionAfter(cursor);
        while (true)
        {
            var (message, more, failure) = chunk.Next(position);
            if (message is not null)
            {
                await WriteAsync(http, message);
                position++;
            }
            else if (failure is not null)
            {
                throw failure;
            }
            else if (more is null)
            {
                return;
            }
            else
            {
                await http.Response.Body.FlushAsync(http.RequestAborted);
                await more.WaitAsync(http.RequestAborted);
            }
        }
    }

    private async Task StreamAsync(HttpContext http, StreamUnstructuredSessionEventsRequest session)
    {
        var events = Recording(session);
        for (var sent = 0; ; sent++)
        {
            if (BreakRecording(session, sent) is { } failure)
                throw failure;
            if (sent == events.Count)
                return;
            await WriteAsync(http, events[sent].ToByteArray());
        }
    }

    private List<EventUnstructured> Recording(StreamUnstructuredSessionEventsRequest request)
    {
        lock (_lock)
        {
            return _recordings.TryGetValue(request.SessionId, out var events)
                ? events.FindAll(recorded => recorded.Index >= request.StartIndex)
                : throw new GrpcException(GrpcStatus.NotFound, $"a recording for session {request.SessionId} not found");
        }
    }

    private static DateOnly DayOf(Google.Protobuf.WellKnownTypes.Timestamp date) => DateOnly.FromDateTime(date.ToDateTime());

    private static async Task<byte[]> ReadMessageAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        return body.ToArray()[5..];
    }

    private static async Task WriteAsync(HttpContext http, byte[] message)
    {
        var frame = new byte[5 + message.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame, 5);
        await http.Response.BodyWriter.WriteAsync(frame, http.RequestAborted);
    }

    private static void Fail(HttpContext http, GrpcException failure)
    {
        var status = ((int)failure.Status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var message = Uri.EscapeDataString(failure.Message);
        if (http.Response.HasStarted)
        {
            http.Response.AppendTrailer("grpc-status", status);
            http.Response.AppendTrailer("grpc-message", message);
            return;
        }
        http.Response.Headers["grpc-status"] = status;
        http.Response.Headers["grpc-message"] = message;
    }
}

/// <param name="Method">The method's last part, or the whole path of another service.</param>
/// <param name="Request">Its message; null for methods the script does not know.</param>
public sealed record ScriptedCall(string Method, IMessage? Request);
