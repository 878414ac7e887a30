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

    [Fact]
    public async Task A_lock_reads_back_as_a_real_server_gives_it()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var channel = Wire.Channel(_cluster, await _cluster.KeyPairAsync("eh", "editor"));
        var file = Repository.PathOf("tests", "data", "teleport-recordings", "direct-locks.json");
        var compared = 0;
        foreach (var call in JsonNode.Parse(await File.ReadAllTextAsync(file, cancellation))!["calls"]!.AsArray())
        {
            var method = (string)call!["method"]!;
            var request = Convert.FromBase64String((string?)call["request_messages_b64"]?[0] ?? "");
            if (method.EndsWith("/UpsertLock", StringComparison.Ordinal))
                await AskAsync(channel, method, LockV2.Parser.ParseFrom(request), cancellation);
            if (!method.EndsWith("/GetLock", StringComparison.Ordinal) || (int)call["grpc_status"]! != 0)
                continue;
            var real = LockV2.Parser.ParseFrom(Convert.FromBase64String((string)call["response_messages_b64"]![0]!));
            var ours = LockV2.Parser.ParseFrom(await channel.UnaryBytesAsync(method, GetLockRequest.Parser.ParseFrom(request), TimeSpan.FromSeconds(10), cancellation));
            Assert.Equal(Comparable(real), Comparable(ours));
            compared++;
        }
        Assert.True(compared > 0, "the recording was not read");
    }

    /// <summary>Without what is a server's own: the version of the record, in either of its forms, and the time.</summary>
    private static LockV2 Comparable(LockV2 item)
    {
        Assert.NotNull(item.Spec.CreatedAt);
        item.Spec.CreatedAt = null;
        (item.Metadata.Id, item.Metadata.Revision) = (0, "");
        return item;
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
