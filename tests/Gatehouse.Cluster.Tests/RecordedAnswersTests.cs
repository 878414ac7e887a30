using System.Text.Json.Nodes;
using Gatehouse.Api.Auth;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Gatehouse.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>The requests a real auth service was asked, asked again: the status and the words must be the same.</summary>
public sealed class RecordedAnswersTests : IAsyncLifetime
{
    /// <summary>Calls that the recorded version lacked and ours has.</summary>
    private static readonly string[] Newer = ["StreamUnstructuredSessionEvents", "GetEventExportChunks", "ExportUnstructuredEvents"];

    /// <summary>Calls that the recorded version had and ours lacks.</summary>
    private static readonly string[] NotHere =
        ["GetCurrentUser", "GetCurrentUserRoles", "GetDomainName", "EmitAuditEvent", "GetEvents", "GetSessionEvents", "StreamSessionEvents"];

    private static readonly Dictionary<string, MessageParser> Requests = new()
    {
        ["Ping"] = PingRequest.Parser,
        ["GetUnstructuredEvents"] = GetUnstructuredEventsRequest.Parser,
        ["UpsertLock"] = LockV2.Parser,
        ["GetLock"] = GetLockRequest.Parser,
        ["GetLocks"] = GetLocksRequest.Parser,
        ["DeleteLock"] = DeleteLockRequest.Parser,
    };

    private readonly TemporaryFolder _folder = new();
    private RunningCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await RunningCluster.StartAsync(_folder["data"]);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("direct-locks", "editor")]
    [InlineData("direct-denied-locks", "teleport-event-handler")]
    [InlineData("direct-denied-no-rules", "nothing")]
    [InlineData("direct-no-client-cert", null)]
    [InlineData("direct-search", "auditor")]
    [InlineData("direct-misc", "auditor")]
    public async Task Status_and_words_are_those_of_a_real_server(string scenario, string? role)
    {
        var cancellation = TestContext.Current.CancellationToken;
        await File.WriteAllTextAsync(Path.Combine(_cluster.DataDir, "roles.json"), """[{"name":"nothing","rules":[]}]""", cancellation);
        using var channel = Wire.Channel(_cluster, role is null ? null : await _cluster.KeyPairAsync("somebody", role));
        var file = Repository.PathOf("tests", "data", "teleport-recordings", scenario + ".json");
        var compared = 0;
        foreach (var call in JsonNode.Parse(await File.ReadAllTextAsync(file, cancellation))!["calls"]!.AsArray())
        {
            var method = (string)call!["method"]!;
            var name = method[(method.LastIndexOf('/') + 1)..];
            if (Newer.Contains(name) || NotHere.Contains(name))
                continue;
            var bytes = Convert.FromBase64String((string?)call["request_messages_b64"]?[0] ?? "");
            var request = Requests.TryGetValue(name, out var parser) ? parser.ParseFrom(bytes) : new Empty();
            var (status, words) = await AskAsync(channel, method, request, cancellation);
            Assert.True(
                ((int)call["grpc_status"]!, (string?)call["grpc_message"] ?? "") == ((int)status, words),
                $"{call["label"]}: real {call["grpc_status"]} {call["grpc_message"]}, ours {(int)status} {words}");
            compared++;
        }
        Assert.True(compared >= 4, "the recording was not read");
    }

    private static async Task<(GrpcStatus Status, string Words)> AskAsync(GrpcChannel channel, string method, IMessage request, CancellationToken cancellation)
    {
        try
        {
            await channel.UnaryBytesAsync(method, request, TimeSpan.FromSeconds(10), cancellation);
            return (GrpcStatus.Ok, "");
        }
        catch (GrpcException error)
        {
            return (error.Status, error.Message);
        }
    }
}
