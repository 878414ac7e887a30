using System.Net;
using Gatehouse.Api.Auth;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>What our server puts on the wire, and what it does with requests that are none.</summary>
public sealed class ServerOnTheWireTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_error_is_one_HEADERS_frame()
    {
        await using var server = await OurServer.StartAsync(Service());

        var frames = await RawHttp2Call.SendAsync(server.Port, "/no.such.Service/Do", ScriptedCall.Message([]), Cancellation);

        var only = Assert.Single(frames);
        Assert.Equal((FrameType.Headers, true), (only.Type, only.EndsStream));
    }

    [Fact]
    public async Task A_unary_answer_is_HEADERS_DATA_HEADERS()
    {
        await using var server = await OurServer.StartAsync(Service());

        var frames = await RawHttp2Call.SendAsync(server.Port, Methods.Ping, ScriptedCall.Message([]), Cancellation);

        Assert.Equal([FrameType.Headers, FrameType.Data, FrameType.Headers], frames.Select(frame => frame.Type));
        Assert.Equal(ScriptedCall.Message(new PingResponse { ClusterName = "ours" }.ToByteArray()), frames[1].Payload);
    }

    [Fact]
    public async Task Small_messages_share_frames()
    {
        await using var server = await OurServer.StartAsync(Service());

        var request = new ExportUnstructuredEventsRequest { Chunk = "1000" };
        var frames = await RawHttp2Call.SendAsync(server.Port, Methods.ExportUnstructuredEvents, ScriptedCall.Message(request.ToByteArray()), Cancellation);

        Assert.InRange(frames.Count(frame => frame.Type == FrameType.Data), 1, 10);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("application/grpc-web")]
    [InlineData(null)]
    public async Task What_is_not_gRPC_gets_415(string? type)
    {
        await using var server = await OurServer.StartAsync(Service());

        using var answer = await PostAsync(server, Methods.Ping, ScriptedCall.Message([]), type);

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
    }

    [Fact]
    public async Task Over_HTTP_1_gRPC_cannot_be_and_browsers_get_415()
    {
        await using var server = await OurServer.StartAsync(Service(), protocols: HttpProtocols.Http1);

        using var post = await PostAsync(server, Methods.Ping, ScriptedCall.Message([]), "application/grpc", HttpVersion.Version11);
        Assert.Equal(HttpStatusCode.UpgradeRequired, post.StatusCode);
        using var client = new HttpClient();
        using var get = await client.GetAsync($"http://127.0.0.1:{server.Port}/webapi/find", Cancellation);
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, get.StatusCode);
    }

    [Theory]
    [InlineData("", "the request holds no message")]
    [InlineData("0000", "the request ended inside its message")]
    [InlineData("000000000A0102", "the request ended inside its message")]
    [InlineData("0700000000", "the request message begins with the unknown flag 7")]
    [InlineData("0100000000", "a compressed request without grpc-encoding")]
    [InlineData("00000000000000000000", "more than one request message")]
    [InlineData("0000000003FFFFFF", "the request is not a valid message")]
    public async Task A_malformed_request_is_internal(string hex, string message)
    {
        await using var server = await OurServer.StartAsync(Service());

        using var answer = await PostAsync(server, Methods.ExportUnstructuredEvents, Convert.FromHexString(hex));

        Assert.Equal("13", Status(answer));
        Assert.StartsWith(message, answer.Headers.GetValues("grpc-message").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_length_over_the_limit_is_refused_before_its_bytes_come()
    {
        await using var server = await OurServer.StartAsync(Service());

        using var answer = await PostAsync(server, Methods.Ping, ScriptedCall.Message([], length: uint.MaxValue));

        Assert.Equal("8", Status(answer));
    }

    [Fact]
    public async Task An_encoding_we_do_not_know_is_unimplemented_and_we_say_what_we_know()
    {
        await using var server = await OurServer.StartAsync(Service());

        using var answer = await PostAsync(server, Methods.Ping, ScriptedCall.Message([1], flag: 1), headers: ("grpc-encoding", "snappy"));

        Assert.Equal(("12", "identity,gzip"), (Status(answer), answer.Headers.GetValues("grpc-accept-encoding").Single()));
    }

    [Theory]
    [InlineData("soon")]
    [InlineData("123456789S")]
    [InlineData("-1S")]
    [InlineData("S")]
    public async Task A_malformed_timeout_is_internal(string timeout)
    {
        await using var server = await OurServer.StartAsync(Service());

        using var answer = await PostAsync(server, Methods.Ping, ScriptedCall.Message([]), headers: ("grpc-timeout", timeout));

        Assert.Equal("13", Status(answer));
    }

    [Fact]
    public async Task The_longest_timeout_is_none()
    {
        await using var server = await OurServer.StartAsync(Service());

        using var answer = await PostAsync(server, Methods.Ping, ScriptedCall.Message([]), headers: ("grpc-timeout", "99999999H"));
        await answer.Content.ReadAsByteArrayAsync(Cancellation);

        Assert.Equal("0", answer.TrailingHeaders.GetValues("grpc-status").Single());
    }

    [Fact]
    public async Task Random_bytes_get_a_status_each()
    {
        const int Seed = 20261124;
        var random = new Random(Seed);
        await using var server = await OurServer.StartAsync(Service());
        for (var run = 0; run < 200; run++)
        {
            var body = new byte[random.Next(0, 60)];
            random.NextBytes(body);
            if (run % 2 == 0 && body.Length > 5)
                GrpcWireFrame(body, body.Length - 5);

            using var answer = await PostAsync(server, Methods.ExportUnstructuredEvents, body, headers: ("grpc-encoding", "gzip"));
            await answer.Content.ReadAsByteArrayAsync(Cancellation);

            var status = Status(answer) ?? answer.TrailingHeaders.GetValues("grpc-status").Single();
            Assert.True(status is "0" or "3" or "8" or "13", $"status {status} for {Convert.ToHexString(body)}, seed {Seed}");
        }
    }

    [Fact]
    public async Task A_server_that_stops_ends_its_streams_as_unavailable()
    {
        var service = new GrpcServer();
        service.ServerStream(Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, async (_, response, call) =>
        {
            await response.FlushAsync();
            await Task.Delay(Timeout.Infinite, call.Cancellation);
        });
        await using var server = await OurServer.StartAsync(service);
        using var channel = Channels.To(server.Port);
        await using var stream = await channel.ServerStreamAsync(Methods.ExportUnstructuredEvents, new Empty(), Cancellation);

        server.Stop();

        var failure = await Assert.ThrowsAsync<GrpcException>(() => stream.WaitToReadAsync(Cancellation).AsTask());
        Assert.Equal((GrpcStatus.Unavailable, "the server is stopping"), (failure.Status, failure.Message));
    }

    [Fact]
    public async Task Recorded_requests_for_names_a_server_lacks_get_the_recorded_answer()
    {
        var calls = Recording.All.SelectMany(recording => recording.Calls).Where(call => call.Status == 12).DistinctBy(call => call.Method).ToList();
        Assert.True(calls.Count >= 6);
        var service = new GrpcServer();
        service.Unary(Methods.Ping, PingRequest.Parser, (_, _) => Task.FromResult(new PingResponse()));
        service.Unary(Methods.GetUnstructuredEvents, GetUnstructuredEventsRequest.Parser, (_, _) => Task.FromResult(new EventsUnstructured()));
        service.NotImplemented(Methods.StreamUnstructuredSessionEvents);
        await using var server = await OurServer.StartAsync(service);

        foreach (var call in calls)
        {
            var headers = call.RequestHeaders.Where(header => header.Name is not ("content-type" or "te")).ToArray();
            using var answer = await PostAsync(server, call.Method, ScriptedCall.Message(call.Request), headers: headers);
            Assert.Equal((call.Method, "12", call.Message), (call.Method, Status(answer), answer.Headers.GetValues("grpc-message").Single()));
        }
    }

    private static GrpcServer Service()
    {
        var server = new GrpcServer();
        server.Unary(Methods.Ping, PingRequest.Parser, (_, _) => Task.FromResult(new PingResponse { ClusterName = "ours" }));
        server.ServerStream(Methods.ExportUnstructuredEvents, ExportUnstructuredEventsRequest.Parser, async (request, response, _) =>
        {
            if (!int.TryParse(request.Chunk, out var count))
                throw new GrpcException(GrpcStatus.InvalidArgument, "no number");
            for (var i = 0; i < count; i++)
                await response.WriteAsync(new ExportEventUnstructured { Cursor = "c" + i });
        });
        return server;
    }

    private static void GrpcWireFrame(byte[] body, int length) => ScriptedCall.Message([], (byte)(body[0] & 1), (uint)length).CopyTo(body, 0);

    private static string? Status(HttpResponseMessage answer) => answer.Headers.TryGetValues("grpc-status", out var values) ? values.Single() : null;

    private static async Task<HttpResponseMessage> PostAsync(
        OurServer server, string path, byte[] body, string? type = "application/grpc", Version? version = null, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{server.Port}{path}")
        {
            Version = version ?? HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body),
        };
        if (type is not null)
            request.Content.Headers.TryAddWithoutValidation("content-type", type);
        request.Headers.TryAddWithoutValidation("te", "trailers");
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        return await client.SendAsync(request, HttpCompletionOption.ResponseContentRead, Cancellation);
    }
}
