using System.Text.Json;
using Gatehouse.Api.Auth;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>Our server, the client of grpc-js.</summary>
public sealed class ServerAgainstNodeTests
{
    [Fact]
    public async Task A_unary_call_is_answered_with_the_server_version()
    {
        await using var server = await OurServer.StartAsync(Service());

        var result = await NodePeer.CallAsync(server.Port, "Ping", new { });

        Assert.Equal((0, "ours", "18.2.0"), (Status(result), result.GetProperty("last").GetProperty("cluster_name").GetString(), result.GetProperty("version").GetString()));
    }

    [Fact]
    public async Task Mutual_TLS_tells_the_handler_who_calls()
    {
        using var pki = new TestPki();
        await using var server = await OurServer.StartAsync(Service(), pki);

        var known = await NodePeer.CallAsync(server.Port, "Ping", new { }, new { ca = pki.CaFile, cert = pki.ClientCertificateFile, key = pki.ClientKeyFile });
        var stranger = await NodePeer.CallAsync(server.Port, "Ping", new { }, new { ca = pki.CaFile });

        Assert.Equal("CN=alice", known.GetProperty("last").GetProperty("remote_addr").GetString());
        Assert.Equal("nobody", stranger.GetProperty("last").GetProperty("remote_addr").GetString());
    }

    [Fact]
    public async Task A_stream_of_ten_thousand_messages_comes_whole()
    {
        await using var server = await OurServer.StartAsync(Service());

        var result = await NodePeer.CallAsync(server.Port, "ExportUnstructuredEvents", new { chunk = "10000" });

        Assert.Equal((0, 10_000, "c9999"), (Status(result), result.GetProperty("count").GetInt32(), result.GetProperty("last").GetProperty("cursor").GetString()));
    }

    [Fact]
    public async Task An_error_after_messages_comes_in_the_trailers()
    {
        await using var server = await OurServer.StartAsync(Service());

        var result = await NodePeer.CallAsync(server.Port, "ExportUnstructuredEvents", new { chunk = "3", cursor = "fail" });

        Assert.Equal((9, "höher 100%", 3), (Status(result), Message(result), result.GetProperty("count").GetInt32()));
    }

    [Fact]
    public async Task Names_nobody_knows_are_unimplemented_in_the_words_of_the_real_server()
    {
        await using var server = await OurServer.StartAsync(Service());

        async Task<(int, string)> Call(string method)
        {
            var result = await NodePeer.CallAsync(server.Port, "Ping", new { }, rawMethod: method);
            return (Status(result), Message(result));
        }

        Assert.Equal((12, "unknown method NoSuchMethod for service proto.AuthService"), await Call("/proto.AuthService/NoSuchMethod"));
        Assert.Equal((12, "unknown service no.such.Service"), await Call("/no.such.Service/Do"));
        Assert.Equal((12, "method StreamUnstructuredSessionEvents not implemented"), await Call(Methods.StreamUnstructuredSessionEvents));
    }

    [Fact]
    public async Task A_handler_sees_the_deadline_pass()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await OurServer.StartAsync(Service(seen));

        var result = await NodePeer.CallAsync(server.Port, "GetUnstructuredEvents", new { start_key = "hang" }, new { deadline = 2000 });

        Assert.Equal(4, Status(result));
        await seen.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_handler_sees_its_client_leave()
    {
        var seen = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = await OurServer.StartAsync(Service(seen));

        var result = await NodePeer.CallAsync(server.Port, "ExportUnstructuredEvents", new { chunk = "5", cursor = "hang" }, new { cancelAfter = 5 });

        Assert.Equal(1, Status(result));
        await seen.Task.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Eight_megabytes_go_out_and_no_more_than_the_limit_comes_in()
    {
        await using var server = await OurServer.StartAsync(Service());

        var large = await NodePeer.CallAsync(server.Port, "GetUnstructuredEvents", new { start_key = "big" });
        Assert.Equal(8 * 1024 * 1024, large.GetProperty("last").GetProperty("last_key").GetString()!.Length);

        var refused = await NodePeer.CallAsync(server.Port, "GetUnstructuredEvents", new { start_key = new string('x', 100_000) });
        Assert.Equal((8, "received message larger than max (100004 vs. 65536)"), (Status(refused), Message(refused)));
    }

    [Fact]
    public async Task Gzip_requests_are_read_and_bounded()
    {
        await using var server = await OurServer.StartAsync(Service());

        var read = await NodePeer.CallAsync(server.Port, "GetUnstructuredEvents", new { start_key = new string('x', 50_000) }, new { gzip = true });
        Assert.Equal((0, 50_000), (Status(read), read.GetProperty("last").GetProperty("last_key").GetString()!.Length));

        var refused = await NodePeer.CallAsync(server.Port, "GetUnstructuredEvents", new { start_key = new string('x', 100_000) }, new { gzip = true });
        Assert.Equal(8, Status(refused));
    }

    [Fact]
    public async Task What_a_handler_throws_stays_inside()
    {
        await using var server = await OurServer.StartAsync(Service());

        var result = await NodePeer.CallAsync(server.Port, "GetUnstructuredEvents", new { start_key = "crash" });

        Assert.Equal((13, "internal error"), (Status(result), Message(result)));
    }

    private static GrpcServer Service(TaskCompletionSource? cancelled = null)
    {
        var server = new GrpcServer { ServerVersion = "18.2.0", MaxReceiveBytes = 65536 };
        server.Unary(Methods.Ping, PingRequest.Parser, (_, call) =>
            Task.FromResult(new PingResponse { ClusterName = "ours", RemoteAddr = call.ClientCertificate?.Subject ?? "nobody" }));
        server.UnaryBytes(Methods.GetUnstructuredEvents, GetUnstructuredEventsRequest.Parser, async (request, call) =>
        {
            if (request.StartKey == "hang")
                await HangAsync(call, cancelled);
            if (request.StartKey == "crash")
                throw new InvalidOperationException("a secret");
            var key = request.StartKey == "big" ? new string('x', 8 * 1024 * 1024) : request.StartKey;
            return new EventsUnstructured { LastKey = key }.ToByteArray();
        });
        server.ServerStream(Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, async (request, response, call) =>
        {
            var count = int.Parse(request.Chunk, System.Globalization.CultureInfo.InvariantCulture);
            for (var i = 0; i < count; i++)
            {
                var message = new ExportEventUnstructured { Event = new EventUnstructured { Id = "e" + i }, Cursor = "c" + i };
                await (i % 2 == 0 ? response.WriteAsync(message) : response.WriteBytesAsync(message.ToByteArray()));
            }
            if (request.Cursor == "fail")
                throw new GrpcException(GrpcStatus.FailedPrecondition, "höher 100%");
            if (request.Cursor != "hang")
                return;
            await response.FlushAsync();
            await HangAsync(call, cancelled);
        });
        server.NotImplemented(Methods.StreamUnstructuredSessionEvents);
        return server;
    }

    private static async Task HangAsync(GrpcCall call, TaskCompletionSource? cancelled)
    {
        try
        {
            await Task.Delay(Timeout.Infinite, call.Cancellation);
        }
        catch (OperationCanceledException)
        {
            cancelled?.SetResult();
            throw;
        }
    }

    private static int Status(JsonElement result) => result.GetProperty("status").GetInt32();

    private static string Message(JsonElement result) => result.GetProperty("message").GetString()!;
}
