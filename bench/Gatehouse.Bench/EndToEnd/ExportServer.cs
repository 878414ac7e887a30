using System.Globalization;
using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>
/// The generator: an auth service whose audit log has one day of equal chunks, streamed from memory as fast as the client takes them.
/// Speaks mutual TLS as every auth service does.
/// </summary>
internal sealed class ExportServer : IAsyncDisposable
{
    /// <summary>Bytes handed to Kestrel at a time.</summary>
    private const int StepBytes = 64 * 1024;

    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly WebApplication _web;
    private readonly DateOnly _day;
    private readonly ReadOnlyMemory<byte> _chunk;
    private readonly int _chunks;

    private ExportServer(TestCluster cluster, DateOnly day, ReadOnlyMemory<byte> chunk, int chunks)
    {
        (_day, _chunk, _chunks) = (day, chunk, chunks);
        var server = new GrpcServer { ServerVersion = "18.2.0" };
        server.ServerStream(Methods.GetEventExportChunks, GetEventExportChunksRequest.Parser, ListAsync);
        server.ServerStream(Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, ExportAsync);

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.UseGrpcLimits();
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(https =>
                {
                    https.ServerCertificate = cluster.Server();
                    https.SslProtocols = SslProtocols.Tls13;
                    https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
                    https.ClientCertificateValidation = (certificate, _, _) => IssuedBy(cluster.UserCa, certificate);
                });
            });
        });
        _web = builder.Build();
        server.Map(_web);
    }

    public string Address { get; private set; } = "";

    /// <summary>Completes when the day's chunks were asked for the first time.</summary>
    public Task Asked => _asked.Task;

    public static async Task<ExportServer> StartAsync(TestCluster cluster, DateOnly day, ReadOnlyMemory<byte> chunk, int chunks)
    {
        var server = new ExportServer(cluster, day, chunk, chunks);
        await server._web.StartAsync();
        server.Address = $"127.0.0.1:{new Uri(server._web.Urls.First()).Port}";
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task ListAsync(GetEventExportChunksRequest request, GrpcResponseStream response, GrpcCall call)
    {
        if (DateOnly.FromDateTime(request.Date.ToDateTime()) != _day)
            return;
        _asked.TrySetResult();
        for (var number = 0; number < _chunks; number++)
            await response.WriteAsync(new EventExportChunk { Chunk = string.Create(CultureInfo.InvariantCulture, $"5b0f5c5e-8a5d-4d0c-9d8e-{number:d12}") });
    }

    private async Task ExportAsync(ExportUnstructuredEventsRequest request, GrpcResponseStream response, GrpcCall call)
    {
        // Nothing is broken here, so nobody comes back with a cursor.
        if (request.Cursor.Length > 0)
            throw new GrpcException(GrpcStatus.FailedPrecondition, "the benchmark's log has no cursors to come back to");
        for (var at = 0; at < _chunk.Length; at += StepBytes)
            await response.WriteFramesAsync(_chunk.Slice(at, Math.Min(StepBytes, _chunk.Length - at)));
    }

    private static bool IssuedBy(X509Certificate2 authority, X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(certificate);
    }
}
