using Gatehouse.Api.Grpc;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>Peers that take a call and say nothing: those that answer every PING, and those that do not even do that.</summary>
public sealed class SilentPeerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);
    private static readonly (string, string) Ok = ("grpc-status", "0");
    private static readonly byte[] Hello = new StringValue { Value = "hello" }.ToByteArray();

    private readonly FakeTimeProvider _time = new();
    private readonly TaskCompletionSource _called = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private GrpcChannel ChannelTo(ScriptedGrpcPeer peer) => Channels.To(peer.Port, with: options => options with { Time = _time });

    [Fact]
    public async Task A_stream_whose_headers_do_not_come_ends_by_deadline()
    {
        await using var peer = new ScriptedGrpcPeer(call =>
        {
            _called.SetResult();
            return Task.CompletedTask;
        });
        using var channel = ChannelTo(peer);
        var opening = channel.ServerStreamAsync("/a.B/C", new Empty(), Patience, Cancellation);
        await _called.Task.WaitAsync(Cancellation);
        Assert.False(opening.IsCompleted);

        _time.Advance(Patience);

        Assert.Equal(GrpcStatus.DeadlineExceeded, (await Assert.ThrowsAsync<GrpcException>(() => opening)).Status);
        await peer.HearAsync(FrameType.Reset, Cancellation);
    }

    [Fact]
    public async Task A_stream_that_falls_silent_ends_by_deadline()
    {
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            await call.DataAsync(ScriptedCall.Message(Hello));
        });
        using var channel = ChannelTo(peer);
        await using var stream = await channel.ServerStreamAsync("/a.B/C", new Empty(), Patience, Cancellation);
        Assert.True(await stream.WaitToReadAsync(Cancellation));
        Assert.True(stream.TryRead(out _));
        var waiting = stream.WaitToReadAsync(Cancellation).AsTask();
        _time.Advance(Patience - TimeSpan.FromSeconds(1));
        Assert.False(waiting.IsCompleted);

        _time.Advance(TimeSpan.FromSeconds(1));

        var failure = await Assert.ThrowsAsync<GrpcException>(() => waiting);
        Assert.Equal((GrpcStatus.DeadlineExceeded, "the stream brought nothing for 600 s"), (failure.Status, failure.Message));
        await Assert.ThrowsAsync<GrpcException>(() => stream.WaitToReadAsync(Cancellation).AsTask());
    }

    [Fact]
    public async Task Only_waiting_counts_and_each_wait_anew()
    {
        using var more = new SemaphoreSlim(0);
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            for (var i = 0; i < 3; i++)
            {
                await more.WaitAsync(Cancellation);
                await call.DataAsync(ScriptedCall.Message(Hello));
            }
            await call.EndAsync(Ok);
        });
        using var channel = ChannelTo(peer);
        await using var stream = await channel.ServerStreamAsync("/a.B/C", new Empty(), Patience, Cancellation);
        for (var i = 0; i < 3; i++)
        {
            // What the reader does with its time is nobody's silence.
            _time.Advance(Patience * 5);
            var waiting = stream.WaitToReadAsync(Cancellation).AsTask();
            _time.Advance(Patience * 0.9);
            more.Release();
            Assert.True(await waiting);
            Assert.True(stream.TryRead(out _));
        }
        Assert.False(await stream.WaitToReadAsync(Cancellation));
    }

    [Fact]
    public async Task A_cancelled_wait_leaves_a_stream_with_a_limit_usable()
    {
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            await release.Task;
            await call.DataAsync(ScriptedCall.Message(Hello));
        });
        using var channel = ChannelTo(peer);
        await using var stream = await channel.ServerStreamAsync("/a.B/C", new Empty(), Patience, Cancellation);
        using var impatience = new CancellationTokenSource();
        var waiting = stream.WaitToReadAsync(impatience.Token).AsTask();

        await impatience.CancelAsync();
        Assert.Equal(impatience.Token, (await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting)).CancellationToken);
        release.SetResult();

        Assert.True(await stream.WaitToReadAsync(Cancellation));
    }

    [Fact]
    public async Task An_idle_connection_is_pinged()
    {
        await using var peer = new ScriptedGrpcPeer(async call =>
        {
            await call.BeginAsync();
            await call.DataAsync(ScriptedCall.Message(Hello));
            await call.EndAsync(Ok);
        });
        using var channel = Channels.To(peer.Port, with: options => options with { KeepAlive = TimeSpan.FromSeconds(1) });
        await channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation);

        // The stack may ping once for the answer; the others come without any stream.
        for (var i = 0; i < 3; i++)
            await peer.HearAsync(FrameType.Ping, Cancellation);
        Assert.Equal(1, peer.Connections);
    }

    [Fact]
    public async Task A_peer_that_answers_no_ping_is_given_up()
    {
        await using var peer = new ScriptedGrpcPeer(call => call.BeginAsync()) { Alive = false };
        using var channel = Channels.To(peer.Port, with: options => options with { KeepAlive = TimeSpan.FromSeconds(1), KeepAliveTimeout = TimeSpan.FromSeconds(1) });

        var failure = await Assert.ThrowsAsync<GrpcException>(() => channel.UnaryBytesAsync("/a.B/C", new Empty(), null, Cancellation));

        Assert.Equal(GrpcStatus.Unavailable, failure.Status);
    }
}
