using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Api.Dialing;
using Gatehouse.Api.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>What no proper server sends ends as a clear status.</summary>
public sealed class ClientAgainstBadPeersTests
{
    private static readonly (string, string) Ok = ("grpc-status", "0");

    private static readonly byte[] Hello = new StringValue { Value = "hello" }.ToByteArray();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_message_cut_by_the_end_of_the_stream_is_internal() => ExpectAsync(GrpcStatus.Internal, "inside a message", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync(ScriptedCall.Message(Hello, length: 100));
        await call.EndAsync(Ok);
    });

    [Fact]
    public Task A_cut_message_with_a_status_keeps_the_status() => ExpectAsync(GrpcStatus.Aborted, "changed my mind", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync(ScriptedCall.Message(Hello, length: 100));
        await call.EndAsync(("grpc-status", "10"), ("grpc-message", "changed my mind"));
    });

    [Fact]
    public Task A_length_over_the_limit_is_refused_before_its_bytes_come() => ExpectAsync(GrpcStatus.ResourceExhausted, "4294967295", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync(ScriptedCall.Message([], length: uint.MaxValue));
    });

    [Fact]
    public Task A_compressed_message_without_an_encoding_is_internal() => ExpectAsync(GrpcStatus.Internal, "without grpc-encoding", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync(ScriptedCall.Message(Hello, flag: 1));
        await call.EndAsync(Ok);
    });

    [Fact]
    public Task An_encoding_we_did_not_offer_is_named() => ExpectAsync(GrpcStatus.Internal, "snappy", async call =>
    {
        await call.BeginAsync(("grpc-encoding", "snappy"));
        await call.DataAsync(ScriptedCall.Message(Hello, flag: 1));
        await call.EndAsync(Ok);
    });

    [Fact]
    public Task Gzip_that_is_none_is_internal() => ExpectAsync(GrpcStatus.Internal, "gzip", async call =>
    {
        await call.BeginAsync(("grpc-encoding", "gzip"));
        await call.DataAsync(ScriptedCall.Message(Hello, flag: 1));
        await call.EndAsync(Ok);
    });

    [Fact]
    public Task A_gzip_bomb_stops_at_the_limit() => ExpectAsync(GrpcStatus.ResourceExhausted, "compressed", async call =>
    {
        await call.BeginAsync(("grpc-encoding", "gzip"));
        await call.DataAsync(ScriptedCall.Message(Gzip(new byte[3_000_000]), flag: 1));
        await call.EndAsync(Ok);
    });

    [Fact]
    public Task An_unknown_flag_is_internal() => ExpectAsync(GrpcStatus.Internal, "flag 7", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync(ScriptedCall.Message(Hello, flag: 7));
        await call.EndAsync(Ok);
    });

    [Fact]
    public Task An_answer_without_a_status_is_unknown() => ExpectAsync(GrpcStatus.Unknown, "no grpc-status", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync(ScriptedCall.Message(Hello), end: true);
    });

    [Fact]
    public Task No_message_is_internal() => ExpectAsync(GrpcStatus.Internal, "no message", call => call.OnlyAsync((":status", "200"), ("content-type", "application/grpc"), Ok));

    [Fact]
    public Task Two_messages_for_one_are_internal() => ExpectAsync(GrpcStatus.Internal, "more than one", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync([.. ScriptedCall.Message(Hello), .. ScriptedCall.Message(Hello)]);
        await call.EndAsync(Ok);
    });

    [Fact]
    public Task A_message_of_another_kind_is_internal() => ExpectAsync(GrpcStatus.Internal, "not a valid message", async call =>
    {
        await call.BeginAsync();
        await call.DataAsync(ScriptedCall.Message([0xFF, 0xFF, 0xFF]));
        await call.EndAsync(Ok);
    });

    [Theory]
    [InlineData("502", "text/html", GrpcStatus.Unavailable)]
    [InlineData("503", "text/html", GrpcStatus.Unavailable)]
    [InlineData("429", "text/plain", GrpcStatus.Unavailable)]
    [InlineData("401", "text/html", GrpcStatus.Unauthenticated)]
    [InlineData("403", "text/html", GrpcStatus.PermissionDenied)]
    [InlineData("404", "text/html", GrpcStatus.Unimplemented)]
    [InlineData("400", "text/html", GrpcStatus.Internal)]
    [InlineData("302", "text/html", GrpcStatus.Unknown)]
    [InlineData("200", "text/html", GrpcStatus.Unknown)]
    [InlineData("200", "application/grpc-web", GrpcStatus.Unknown)]
    public Task What_is_not_gRPC_is_told_by_its_HTTP_status(string http, string type, GrpcStatus status) => ExpectAsync(status, $"HTTP {http}", async call =>
    {
        await call.Wire.WriteHeadersAsync(call.Stream, false, (":status", http), ("content-type", type));
        await call.DataAsync("<html>sorry</html>"u8.ToArray(), end: true);
    });

    [Theory]
    [InlineData("17", "x", GrpcStatus.Unknown, "x")]
    [InlineData("-1", "", GrpcStatus.Unknown, "the answer has the unknown status -1")]
    [InlineData("five", "", GrpcStatus.Unknown, "the answer has the unknown status five")]
    [InlineData("5", "", GrpcStatus.NotFound, "the call ended with status NotFound")]
    [InlineData("5", "100%", GrpcStatus.NotFound, "100%")]
    [InlineData("5", "%zz %4 %C3%A4 %e4%b8%ad%", GrpcStatus.NotFound, "%zz %4 ä 中%")]
    [InlineData("5", "%FF", GrpcStatus.NotFound, "\uFFFD")]
    public Task Odd_statuses_and_texts_are_read_with_patience(string number, string text, GrpcStatus status, string message) =>
        ExpectAsync(status, message, call => call.OnlyAsync((":status", "200"), ("content-type", "application/grpc"), ("grpc-status", number), ("grpc-message", text)), exact: true);

    [Theory]
    [InlineData(0x0u, GrpcStatus.Unavailable)]
    [InlineData(0x1u, GrpcStatus.Unavailable)]
    [InlineData(0x2u, GrpcStatus.Internal)]
    [InlineData(0x8u, GrpcStatus.Cancelled)]
    [InlineData(0xBu, GrpcStatus.ResourceExhausted)]
    [InlineData(0xCu, GrpcStatus.Unavailable)]
    public Task A_reset_stream_ends_by_its_code(uint code, GrpcStatus status) => ExpectAsync(status, "HTTP/2", async call =>
    {
        await call.BeginAsync();
        await call.ResetAsync(code);
    });

    [Fact]
    public async Task Gzip_and_plain_messages_may_alternate()
    {
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync(("grpc-encoding", "gzip"));
            for (var i = 0; i < 3; i++)
            {
                await call.DataAsync(ScriptedCall.Message(Gzip(Hello), flag: 1));
                await call.DataAsync(ScriptedCall.Message(Hello));
            }
            await call.EndAsync(Ok);
        });
        using var channel = Channels.To(peer.Port);
        await using var stream = await channel.ServerStreamAsync("/a.B/C", new Empty(), Cancellation);

        var count = 0;
        while (await stream.WaitToReadAsync(Cancellation))
        {
            for (; stream.TryRead(out var message); count++)
                Assert.True(message.SequenceEqual(Hello));
        }
        Assert.Equal(6, count);
        Assert.False(await stream.WaitToReadAsync(Cancellation));
    }

    [Fact]
    public async Task Messages_arrive_whole_however_the_bytes_are_cut()
    {
        var messages = Enumerable.Range(0, 40).Select(i => new StringValue { Value = new string((char)('a' + i % 26), i * i) }.ToByteArray()).ToArray();
        var all = messages.SelectMany(message => ScriptedCall.Message(message)).ToArray();
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            var random = new Random(7);
            for (var at = 0; at < all.Length;)
            {
                var piece = Math.Min(random.Next(1, 700), all.Length - at);
                await call.DataAsync(all[at..(at + piece)]);
                at += piece;
            }
            await call.EndAsync(Ok);
        });
        using var channel = Channels.To(peer.Port);
        await using var stream = await channel.ServerStreamAsync("/a.B/C", new Empty(), Cancellation);

        var read = new List<byte[]>();
        while (await stream.WaitToReadAsync(Cancellation))
        {
            while (stream.TryRead(out var message))
                read.Add(message.ToArray());
        }
        Assert.Equal(messages, read);
    }

    [Fact]
    public async Task A_call_that_a_GOAWAY_left_unprocessed_goes_to_the_next_connection()
    {
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            if (call.Connection == 1)
            {
                await call.GoAwayAsync(0, 0);
                return;
            }
            await call.BeginAsync();
            await call.DataAsync(ScriptedCall.Message(Hello));
            await call.EndAsync(Ok);
        });
        using var channel = Channels.To(peer.Port);

        Assert.Equal(Hello, await channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));
        Assert.Equal(2, peer.Connections);
    }

    [Fact]
    public async Task A_stream_cut_by_GOAWAY_and_close_is_unavailable_and_the_next_call_reconnects()
    {
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            await call.DataAsync(ScriptedCall.Message(Hello));
            if (call.Connection == 1)
            {
                await call.GoAwayAsync(call.Stream, 0);
                call.Client.Close();
                return;
            }
            await call.EndAsync(Ok);
        });
        using var channel = Channels.To(peer.Port);

        var cut = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));
        Assert.Equal(GrpcStatus.Unavailable, cut.Status);
        Assert.Equal(Hello, await channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));
    }

    [Fact]
    public async Task A_peer_that_speaks_something_else_is_unavailable()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(
            async () =>
            {
                using var client = await listener.AcceptTcpClientAsync(Cancellation);
                await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"u8.ToArray(), Cancellation);
                await client.GetStream().CopyToAsync(Stream.Null, Cancellation);
            },
            Cancellation);
        using (var channel = Channels.To(((IPEndPoint)listener.LocalEndpoint).Port))
        {
            var failure = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));
            Assert.Equal(GrpcStatus.Unavailable, failure.Status);
        }
        await serving;
    }

    [Fact]
    public async Task The_dialers_reasons_reach_the_caller()
    {
        var reason = new DialException("no way to Auth", [new DialAttempt("direct", "refused")]);
        using var channel = new GrpcChannel(new GrpcChannelOptions { Connect = _ => throw reason });

        var failure = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));

        Assert.Equal((GrpcStatus.Unavailable, "no way to Auth"), (failure.Status, failure.Message));
        Assert.Same(reason, failure.InnerException);
    }

    [Fact]
    public async Task A_connection_that_does_not_come_up_ends_by_deadline_or_by_its_own_time()
    {
        using var channel = new GrpcChannel(new GrpcChannelOptions
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(600),
            Connect = async cancellation =>
            {
                await Task.Delay(Timeout.Infinite, cancellation);
                return Stream.Null;
            },
        });

        var late = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryBytesAsync("/a.B/C", new Empty(), TimeSpan.FromMilliseconds(100), Cancellation));
        Assert.Equal(GrpcStatus.DeadlineExceeded, late.Status);
        var never = await Assert.ThrowsAsync<GrpcException>(() => channel.ServerStreamAsync("/a.B/C", new Empty(), Cancellation));
        Assert.Equal(GrpcStatus.Unavailable, never.Status);
    }

    [Fact]
    public async Task After_Reconnect_old_calls_finish_and_new_ones_take_a_new_connection()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            await call.DataAsync(ScriptedCall.Message(Hello));
            if (call.Connection == 1)
                await release.Task;
            await call.EndAsync(Ok);
        });
        using var channel = Channels.To(peer.Port);
        await using var old = await channel.ServerStreamAsync("/a.B/C", new Empty(), Cancellation);

        channel.Reconnect();
        Assert.Equal(Hello, await channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));
        Assert.Equal(2, peer.Connections);

        release.SetResult();
        Assert.True(await old.WaitToReadAsync(Cancellation));
        Assert.True(old.TryRead(out _));
        Assert.False(await old.WaitToReadAsync(Cancellation));
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_the_stream_usable()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            await release.Task;
            await call.DataAsync(ScriptedCall.Message(Hello));
            await call.EndAsync(Ok);
        });
        using var channel = Channels.To(peer.Port);
        await using var stream = await channel.ServerStreamAsync("/a.B/C", new Empty(), Cancellation);
        using var impatience = new CancellationTokenSource();
        var waiting = stream.WaitToReadAsync(impatience.Token).AsTask();

        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        release.SetResult();

        Assert.True(await stream.WaitToReadAsync(Cancellation));
        Assert.True(stream.TryRead(out var message));
        Assert.True(message.SequenceEqual(Hello));
    }

    [Fact]
    public async Task A_disposed_channel_takes_no_call()
    {
        var channel = Channels.To(1);
        channel.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));
    }

    private static async Task ExpectAsync(GrpcStatus status, string message, Func<ScriptedCall, Task> script, bool exact = false)
    {
        await using var peer = new ScriptedGrpcPeer(script);
        using var channel = Channels.To(peer.Port, with: options => options with { MaxReceiveBytes = 1_000_000 });
        var failure = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryAsync("/a.B/C", new Empty(), StringValue.Parser, null, Cancellation));
        Assert.Equal(status, failure.Status);
        if (exact)
            Assert.Equal(message, failure.Message);
        else
            Assert.Contains(message, failure.Message, StringComparison.Ordinal);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.SmallestSize))
            gzip.Write(bytes);
        return compressed.ToArray();
    }
}
