using Gatehouse.Api.Auth;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>Our client against a real auth service as recorded: every scenario in which a connection came up.</summary>
public sealed class RecordedServerTests
{
    private static readonly string[] Streams =
        ["GetCurrentUserRoles", "GetEventExportChunks", "ExportUnstructuredEvents", "StreamUnstructuredSessionEvents", "StreamSessionEvents"];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Scenarios => new(Recording.All.Where(recording => recording.Calls.Count > 0).Select(recording => recording.Scenario));

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Each_recorded_call_ends_as_it_did_for_the_real_client(string scenario)
    {
        var calls = Recording.Read(scenario).Calls;
        var next = 0;
        await using var server = await OurServer.StartAsync(application => application.Run(http => PlayAsync(http, calls, ref next)));
        using var channel = Channels.To(server.Port, with: options => options with { ClientVersion = "18.0.0-dev" });

        foreach (var call in calls)
        {
            try
            {
                var answers = await CallAsync(channel, call);
                Assert.Equal(0, call.Status);
                Assert.Equal(call.Answers, answers);
                Recognize(call, answers);
            }
            catch (GrpcException failure)
            {
                Assert.Equal((call.Label, call.Status, call.Message), (call.Label, (int)failure.Status, failure.Message));
            }
        }
        Assert.Equal(calls.Count, next);
    }

    private static async Task<List<byte[]>> CallAsync(GrpcChannel channel, RecordedCall call)
    {
        // Fields nobody declared are kept and written again: any message can carry a recorded request.
        var request = Empty.Parser.ParseFrom(call.Request);
        if (!Streams.Contains(call.Method[(call.Method.LastIndexOf('/') + 1)..]))
            return [await channel.UnaryBytesAsync(call.Method, request, TimeSpan.FromSeconds(15), Cancellation)];
        await using var stream = await channel.ServerStreamAsync(call.Method, request, Cancellation);
        var answers = new List<byte[]>();
        while (await stream.WaitToReadAsync(Cancellation))
        {
            while (stream.TryRead(out var message))
                answers.Add(message.ToArray());
        }
        return answers;
    }

    private static void Recognize(RecordedCall call, List<byte[]> answers)
    {
        if (call.Method == Methods.Ping)
            Assert.Equal("14.0.0-dev", PingResponse.Parser.ParseFrom(answers[0]).ServerVersion);
        if (call.Method == Methods.GetUnstructuredEvents)
            Assert.All(EventsUnstructured.Parser.ParseFrom(answers[0]).Items, item => Assert.Equal(item.Type, item.Unstructured.Fields["event"].StringValue));
    }

    private static Task PlayAsync(HttpContext http, IReadOnlyList<RecordedCall> calls, ref int next)
    {
        var call = calls[Interlocked.Increment(ref next) - 1];
        return PlayAsync(http, call);
    }

    private static async Task PlayAsync(HttpContext http, RecordedCall call)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body, http.RequestAborted);
        var same = http.Request.Path == call.Method
            && body.ToArray().AsSpan().SequenceEqual(ScriptedCall.Message(call.Request))
            && http.Request.Headers.TE == "trailers" && http.Request.ContentType == "application/grpc" && http.Request.Headers["version"] == "18.0.0-dev"
            && http.Request.Host.Value == "teleport.cluster.local";
        if (!same)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        foreach (var (name, value) in call.Headers)
            http.Response.Headers[name] = value;
        foreach (var answer in call.Answers)
            await http.Response.Body.WriteAsync(ScriptedCall.Message(answer));
        foreach (var (name, value) in call.Trailers)
        {
            if (call.TrailersOnly)
                http.Response.Headers[name] = value;
            else
                http.Response.AppendTrailer(name, value);
        }
    }
}
