using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.Torture.Story;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Torture.Peers;

/// <summary>The auth service: mutual TLS, gRPC, and a story for an audit log. It refuses calls, cuts streams and restarts.</summary>
internal sealed class StoryCluster(RunPlan plan, ClusterStory story, Faults faults, X509Certificate2 certificate) : IAsyncDisposable
{
    /// <summary>A page ends early when it gets large, as the real one's does.</summary>
    private const int PageBytes = 2 * 1024 * 1024;
    private const int DefaultPage = 500;

    private readonly ILookup<DateOnly, StoryChunk> _days = story.Chunks.ToLookup(chunk => chunk.Day);
    private readonly IssuedEvent[] _log = [.. story.Audit.OrderBy(told => told.Time).ThenBy(told => told.Number)];
    private WebApplication? _app;
    private int _wave;
    private int _calls;

    public int Port { get; private set; }

    /// <summary>What appears late is visible up to here.</summary>
    public int Wave { get => Volatile.Read(ref _wave); set => Volatile.Write(ref _wave, value); }

    public int Calls => Volatile.Read(ref _calls);

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.UseGrpcLimits();
            kestrel.Listen(IPAddress.Loopback, Port, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = certificate;
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (_, _, _) => true;
                });
            });
        });
        _app = builder.Build();
        Methods().Map(_app);
        await _app.StartAsync();
        Port = new Uri(_app.Urls.First()).Port;
    }

    /// <summary>Ends all connections at once and listens no more.</summary>
    public async Task StopAsync()
    {
        if (_app is null)
            return;
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private GrpcServer Methods()
    {
        var server = new GrpcServer();
        server.Unary<GetUnstructuredEventsRequest, EventsUnstructured>(Api.AuditLog.Methods.GetUnstructuredEvents, GetUnstructuredEventsRequest.Parser, SearchAsync);
        server.ServerStream(Api.AuditLog.Methods.StreamUnstructuredSessionEvents, StreamUnstructuredSessionEventsRequest.Parser, RecordingAsync);
        if (plan.Export)
        {
            server.ServerStream(Api.AuditLog.Methods.GetEventExportChunks, GetEventExportChunksRequest.Parser, ListAsync);
            server.ServerStream(Api.AuditLog.Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, ExportAsync);
        }
        else
        {
            server.NotImplemented(Api.AuditLog.Methods.GetEventExportChunks);
            server.NotImplemented(Api.AuditLog.Methods.ExportUnstructuredEvents);
        }
        return server;
    }

    private async Task ListAsync(GetEventExportChunksRequest request, GrpcResponseStream response, GrpcCall call)
    {
        Begin();
        var chunks = _days[DateOnly.FromDateTime(request.Date.ToDateTime())].Where(chunk => chunk.Wave <= Wave).ToArray();
        Random.Shared.Shuffle(chunks);
        foreach (var chunk in chunks)
            await response.WriteAsync(new EventExportChunk { Chunk = chunk.Name });
    }

    private async Task ExportAsync(ExportUnstructuredEventsRequest request, GrpcResponseStream response, GrpcCall call)
    {
        Begin();
        var chunk = _days[DateOnly.FromDateTime(request.Date.ToDateTime())].FirstOrDefault(chunk => chunk.Name == request.Chunk && chunk.Wave <= Wave)
            ?? throw new GrpcException(GrpcStatus.NotFound, $"event export chunk {request.Chunk} not found");
        var from = request.Cursor.Length == 0 ? 0 : PositionOf(request.Cursor) + 1;
        var cut = CutAfter(chunk.Events.Count - from);
        for (var i = from; i < chunk.Events.Count; i++)
        {
            if (i - from == cut)
                await CutAsync(response, call);
            await response.WriteAsync(new ExportEventUnstructured { Event = chunk.Events[i].Wire(), Cursor = CursorOf(i) });
        }
    }

    private async Task RecordingAsync(StreamUnstructuredSessionEventsRequest request, GrpcResponseStream response, GrpcCall call)
    {
        Interlocked.Increment(ref _calls);
        if (!story.Recordings.TryGetValue(request.SessionId, out var recording))
            throw new GrpcException(GrpcStatus.NotFound, $"a recording for session {request.SessionId} not found");
        var cut = faults.Breaks(0.1) ? faults.Below(recording.Count) : -1;
        foreach (var recorded in recording.Where(recorded => recorded.Index >= request.StartIndex))
        {
            if (cut-- == 0)
                await CutAsync(response, call);
            await response.WriteAsync(recorded.Wire());
        }
    }

    private Task<EventsUnstructured> SearchAsync(GetUnstructuredEventsRequest request, GrpcCall call)
    {
        Begin();
        var (from, to) = (request.StartDate.ToDateTime(), request.EndDate.ToDateTime());
        var after = request.StartKey.Length == 0 ? -1 : int.Parse(request.StartKey.AsSpan(1), CultureInfo.InvariantCulture);
        var page = new EventsUnstructured();
        var bytes = 0;
        var limit = request.Limit > 0 ? request.Limit : DefaultPage;
        for (var i = after + 1; i < _log.Length; i++)
        {
            var told = _log[i];
            if (told.Time < from || told.Time > to || told.Wave > Wave)
                continue;
            if (page.Items.Count == limit || bytes > PageBytes)
            {
                page.LastKey = $"k{i - 1}";
                break;
            }
            var item = told.Wire();
            bytes += item.CalculateSize();
            page.Items.Add(item);
        }
        return Task.FromResult(page);
    }

    public static string CursorOf(int position) => $"c{position}";

    public static int PositionOf(string cursor) => int.Parse(cursor.AsSpan(1), CultureInfo.InvariantCulture);

    private void Begin()
    {
        Interlocked.Increment(ref _calls);
        if (faults.Refuses(0.04))
            throw new GrpcException(faults.Below(3) == 0 ? GrpcStatus.ResourceExhausted : GrpcStatus.Unavailable, "not now");
    }

    private int CutAfter(int messages) =>
        messages > 0 && (messages > 5 ? faults.Breaks(0.15) : faults.Breaks(0.01)) ? faults.Below(messages) : -1;

    /// <summary>Sends what was written and ends the stream: with a status, with a reset, or with the whole connection.</summary>
    private async Task CutAsync(GrpcResponseStream response, GrpcCall call)
    {
        await response.FlushAsync();
        switch (faults.Below(3))
        {
            case 0:
                throw new GrpcException(GrpcStatus.Unavailable, "cut by the story");
            case 1:
                call.Http.Features.Get<IHttpResetFeature>()!.Reset(2);
                break;
            default:
                call.Http.Features.Get<IConnectionLifetimeFeature>()?.Abort();
                break;
        }
        throw new OperationCanceledException("cut by the story");
    }
}
