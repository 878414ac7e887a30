using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Api.Auth;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.Testing;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>Our server, Teleport's own Go client library (grpc-go) over mutual TLS.</summary>
public sealed class ServerAgainstGoTests : IDisposable
{
    private readonly TestCluster _cluster = new();
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task The_real_client_pings_lists_exports_and_understands_refusals()
    {
        var client = Repository.Shared("peers", "bin", "teleport-api-client");
        Peer.RequireThat(client is not null, "teleport-api-client is not here");
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var user = _cluster.User(key, "alice");
        using var own = _cluster.Server();
        _folder.Write("key", TestCluster.KeyPem(key));
        _folder.Write("crt", user.ExportCertificatePem());
        _folder.Write("cas", _cluster.HostCa.ExportCertificatePem());
        await using var server = await OurServer.StartAsync(application => Service().Map(application), own, certificate => certificate.Thumbprint == user.Thumbprint);

        ProgramResult Run(string command, params string[] more) => Program.Run(
            client!,
            _folder.Path,
            [command, "--addr", string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{server.Port}"), "--key", "key", "--cert", "crt", "--ca", "cas", "--timeout", "20s", .. more]);

        var ping = Run("ping");
        Assert.True(ping.ExitCode == 0, ping.Errors);
        Assert.Contains("ours", ping.Output, StringComparison.Ordinal);

        var chunks = Run("export", "--date", "2026-11-21");
        Assert.True(chunks.ExitCode == 0, chunks.Errors);
        Assert.Contains("chunk-1", chunks.Output, StringComparison.Ordinal);

        var events = Run("export", "--date", "2026-11-21", "--chunk", "chunk-1");
        Assert.True(events.ExitCode == 0, events.Errors);
        Assert.Equal(3000, events.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);

        var denied = Run("events", "--from", "-24h");
        Assert.Equal((1, "error: access denied: access denied to perform action \"list\" on \"event\""), (denied.ExitCode, denied.Errors.Trim()));

        var missing = Run("locks");
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("unknown method GetLocks for service proto.AuthService", missing.Errors, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        _cluster.Dispose();
        _folder.Dispose();
    }

    private static GrpcServer Service()
    {
        var server = new GrpcServer { ServerVersion = "18.2.0" };
        server.Unary(Methods.Ping, PingRequest.Parser, (_, _) => Task.FromResult(new PingResponse { ClusterName = "ours", ServerVersion = "18.2.0" }));
        server.Unary<GetUnstructuredEventsRequest, EventsUnstructured>(Methods.GetUnstructuredEvents, GetUnstructuredEventsRequest.Parser, (_, _) =>
            throw new GrpcException(GrpcStatus.PermissionDenied, "access denied to perform action \"list\" on \"event\""));
        server.ServerStream(Methods.GetEventExportChunks, GetEventExportChunksRequest.Parser, async (_, response, _) =>
            await response.WriteAsync(new EventExportChunk { Chunk = "chunk-1" }));
        server.ServerStream(Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, async (_, response, _) =>
        {
            for (var i = 0; i < 3000; i++)
            {
                var unstructured = Struct.Parser.ParseJson("""{"event":"user.login","ei":0}""");
                var one = new EventUnstructured { Type = "user.login", Id = "e" + i, Time = new Timestamp { Seconds = 1_795_000_000 + i }, Unstructured = unstructured };
                await response.WriteAsync(new ExportEventUnstructured { Event = one, Cursor = "c" + i });
            }
        });
        return server;
    }
}
