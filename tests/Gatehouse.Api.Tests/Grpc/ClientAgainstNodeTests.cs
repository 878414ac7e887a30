using System.Text.Json;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.Api.Types;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>Our client, the server of grpc-js.</summary>
public sealed class ClientAgainstNodeTests(NodeServer server) : IClassFixture<NodeServer>, IAsyncLifetime
{
    private static readonly DateTimeOffset Day = new(2026, 11, 21, 0, 0, 0, TimeSpan.Zero);

    private NodePeer _node = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _node = await server.GetAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_unary_call_carries_metadata_both_ways()
    {
        using var channel = Channels.To(_node.Port, with: options => options with { ClientVersion = "18.0.0" });
        Assert.Null(channel.ServerVersion);

        var answer = await new AuditLogClient(channel, TimeSpan.FromSeconds(40)).PingAsync(Cancellation);

        Assert.Equal("node", answer.ClusterName);
        Assert.Equal("18.1.4", channel.ServerVersion);
        var seen = JsonDocument.Parse(answer.RemoteAddr).RootElement;
        Assert.Equal("18.0.0", seen.GetProperty("version").GetString());
        Assert.StartsWith("gatehouse/0.1", seen.GetProperty("user-agent").GetString(), StringComparison.Ordinal);
        Assert.InRange(seen.GetProperty("deadline").GetDouble(), 10_000, 40_000);
    }

    [Fact]
    public async Task Mutual_TLS_shows_the_server_who_calls()
    {
        using var pki = new TestPki();
        await using var node = await NodePeer.StartServerAsync(pki);
        using var channel = Channels.To(node.Port, pki);

        var answer = await new AuditLogClient(channel).PingAsync(Cancellation);

        Assert.Equal("alice", JsonDocument.Parse(answer.RemoteAddr).RootElement.GetProperty("peer").GetString());
    }

    [Fact]
    public async Task A_search_says_default_and_leaves_the_order_out()
    {
        using var channel = Channels.To(_node.Port);

        var page = await new AuditLogClient(channel).SearchAsync(new EventSearch(Day, Day.AddDays(1), ["user.login", "session.end"], 20, "k"), Cancellation);

        var seen = JsonDocument.Parse(EventsUnstructured.Parser.ParseFrom(page).LastKey).RootElement;
        Assert.Equal("default", seen.GetProperty("namespace").GetString());
        Assert.Equal(["user.login", "session.end"], seen.GetProperty("event_types").EnumerateArray().Select(type => type.GetString()!));
        Assert.Equal(20, seen.GetProperty("limit").GetInt32());
        Assert.Equal("k", seen.GetProperty("start_key").GetString());
        Assert.Equal(0, seen.GetProperty("order").GetInt32());
        Assert.Equal(Day.ToUnixTimeSeconds(), seen.GetProperty("start_date").GetProperty("seconds").GetInt64());
        Assert.Equal(Day.AddDays(1).ToUnixTimeSeconds(), seen.GetProperty("end_date").GetProperty("seconds").GetInt64());
    }

    [Fact]
    public async Task A_lock_arrives_whole()
    {
        using var channel = Channels.To(_node.Port);
        var wanted = new LockV2 { Metadata = new Metadata { Name = "l" }, Spec = new LockSpecV2 { Target = new LockTarget { User = "mallory", Login = "root" }, Message = "m" } };

        await new AuditLogClient(channel).UpsertLockAsync(wanted, Cancellation);

        var seen = JsonDocument.Parse((await _node.WaitForAsync("lock "))[5..]).RootElement;
        Assert.Equal("mallory", seen.GetProperty("spec").GetProperty("target").GetProperty("user").GetString());
    }

    [Fact]
    public async Task Chunk_names_are_listed()
    {
        using var channel = Channels.To(_node.Port);

        var chunks = await new AuditLogClient(channel).ExportChunksAsync(new DateOnly(2026, 11, 21), Cancellation).ToListAsync(Cancellation);

        Assert.Equal(["one", "two"], chunks);
    }

    [Fact]
    public async Task A_stream_of_ten_thousand_messages_comes_whole_and_in_order()
    {
        using var channel = Channels.To(_node.Port);
        await using var stream = await ExportAsync(channel, "count|10000");

        Assert.Equal(Enumerable.Range(0, 10_000).Select(i => "c" + i), await CursorsAsync(stream));
    }

    [Theory]
    [InlineData(GrpcStatus.NotFound, "no such thing")]
    [InlineData(GrpcStatus.PermissionDenied, "Zugriff verweigert: ümläut, 中文, 100% 🙂")]
    [InlineData(GrpcStatus.Unauthenticated, "line\nbreak")]
    public async Task An_error_comes_with_its_status_and_text(GrpcStatus status, string message)
    {
        using var channel = Channels.To(_node.Port);

        var unary = await Assert.ThrowsAsync<GrpcException>(() => SearchAsync(channel, $"error|{(int)status}|{message}"));
        Assert.Equal((status, message), (unary.Status, unary.Message));

        await using var stream = await ExportAsync(channel, $"fail|3|{(int)status}|{message}");
        var cursors = new List<string>();
        var streaming = await Assert.ThrowsAsync<GrpcException>(() => CursorsAsync(stream, cursors));
        Assert.Equal((status, message), (streaming.Status, streaming.Message));
        Assert.Equal(["c0", "c1", "c2"], cursors);
    }

    [Fact]
    public async Task A_passed_deadline_ends_the_call_on_both_sides()
    {
        using var channel = Channels.To(_node.Port);

        var failure = await Assert.ThrowsAsync<GrpcException>(() => SearchAsync(channel, "hang|deadline", TimeSpan.FromSeconds(2)));

        Assert.Equal(GrpcStatus.DeadlineExceeded, failure.Status);
        await _node.WaitForAsync("cancelled deadline");
    }

    [Fact]
    public async Task A_caller_who_leaves_gets_a_cancellation_and_the_server_hears_of_it()
    {
        using var channel = Channels.To(_node.Port);
        using var leaving = new CancellationTokenSource();
        var call = new AuditLogClient(channel).SearchAsync(new EventSearch(Day, Day, [], 1, "hang|caller"), leaving.Token);
        await _node.WaitForAsync("hanging caller");

        await leaving.CancelAsync();

        var left = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(leaving.Token, left.CancellationToken);
        await _node.WaitForAsync("cancelled caller");
    }

    [Fact]
    public async Task A_disposed_stream_is_cancelled_at_the_server()
    {
        using var channel = Channels.To(_node.Port);
        await using (var stream = await ExportAsync(channel, "hang|2"))
        {
            Assert.True(await stream.WaitToReadAsync(Cancellation));
        }

        await _node.WaitForAsync("cancelled hang|2");
    }

    [Fact]
    public async Task A_server_that_dies_is_unavailable()
    {
        await using var node = await NodePeer.StartServerAsync();
        using var channel = Channels.To(node.Port);
        await using var stream = await ExportAsync(channel, "die|2");

        var failure = await Assert.ThrowsAsync<GrpcException>(() => CursorsAsync(stream));
        Assert.Equal(GrpcStatus.Unavailable, failure.Status);
        Assert.Same(failure, await Assert.ThrowsAsync<GrpcException>(() => stream.WaitToReadAsync(Cancellation).AsTask()));

        var refused = await Assert.ThrowsAsync<GrpcException>(() => SearchAsync(channel, "echo"));
        Assert.Equal(GrpcStatus.Unavailable, refused.Status);
        Assert.IsType<System.Net.Sockets.SocketException>(refused.InnerException);
    }

    [Fact]
    public async Task After_a_GOAWAY_running_streams_finish_and_the_next_call_takes_a_new_connection()
    {
        await using var node = await NodePeer.StartServerAsync();
        var connections = 0;
        using var channel = new GrpcChannel(new GrpcChannelOptions
        {
            Connect = cancellation =>
            {
                Interlocked.Increment(ref connections);
                return Channels.ConnectAsync(node.Port, null, cancellation);
            },
        });
        await using var stream = await ExportAsync(channel, "goaway|5");
        await node.WaitForAsync("drained");

        Assert.Equal(8, (await CursorsAsync(stream)).Count);
        Assert.Equal("node", (await new AuditLogClient(channel).PingAsync(Cancellation)).ClusterName);
        Assert.Equal(2, connections);
    }

    [Fact]
    public async Task Eight_megabytes_pass_and_the_limit_holds()
    {
        const int Bytes = 8 * 1024 * 1024;
        using var channel = Channels.To(_node.Port);
        Assert.Equal(Bytes, (await SearchAsync(channel, $"big|{Bytes}")).LastKey.Length);

        using var narrow = Channels.To(_node.Port, with: options => options with { MaxReceiveBytes = 1024 * 1024 });
        var failure = await Assert.ThrowsAsync<GrpcException>(() => SearchAsync(narrow, $"big|{Bytes}"));
        Assert.Equal(GrpcStatus.ResourceExhausted, failure.Status);
        Assert.Contains("1048576", failure.Message, StringComparison.Ordinal);
    }

    private static async Task<EventsUnstructured> SearchAsync(GrpcChannel channel, string word, TimeSpan? deadline = null) =>
        EventsUnstructured.Parser.ParseFrom(await new AuditLogClient(channel, deadline).SearchAsync(new EventSearch(Day, Day, [], 1, word), Cancellation));

    private static Task<GrpcMessageStream> ExportAsync(GrpcChannel channel, string chunk) =>
        new AuditLogClient(channel).ExportAsync(new DateOnly(2026, 11, 21), chunk, "", Cancellation);

    private static async Task<List<string>> CursorsAsync(GrpcMessageStream stream, List<string>? cursors = null)
    {
        cursors ??= [];
        while (await stream.WaitToReadAsync(Cancellation))
        {
            while (stream.TryRead(out var message))
                cursors.Add(ExportEventUnstructured.Parser.ParseFrom(message).Cursor);
        }
        return cursors;
    }
}
