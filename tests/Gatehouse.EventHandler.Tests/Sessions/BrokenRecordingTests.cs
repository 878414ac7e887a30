using System.Collections.Concurrent;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sessions;

public sealed class BrokenRecordingTests : IAsyncLifetime
{
    private const int Missing = 3405;

    private readonly ConcurrentQueue<int> _asked = new();
    private SessionRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await SessionRig.StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_stream_that_breaks_is_opened_again_behind_what_was_delivered()
    {
        _rig.AddRecording("s", [.. Enumerable.Range(0, 10)]);
        Break((request, sent) => request.StartIndex == 0 && sent == 3 ? new GrpcException(GrpcStatus.Unavailable, "broken") : null);
        await using var run = _rig.Run();
        await run.UploadAsync("s", SessionRig.Now);
        await _rig.PassTimeUntilAsync(run.IdleAsync());
        Assert.Equal([.. Enumerable.Range(0, 10).Select(i => $"s-{i}")], _rig.Output.Of("s"));
        Assert.Equal([0, 3], _asked);
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Sessions);
    }

    [Theory]
    [InlineData(GrpcStatus.Unavailable)]
    [InlineData(GrpcStatus.Internal)]
    public async Task A_recording_that_comes_in_small_pieces_is_never_missing(GrpcStatus status)
    {
        _rig.AddRecording("s", [.. Enumerable.Range(0, 20)]);
        Break((_, sent) => sent == 2 ? new GrpcException(status, "broken") : null);
        await using var run = _rig.Run();
        await run.UploadAsync("s", SessionRig.Now.AddDays(-100));
        await _rig.PassTimeUntilAsync(run.IdleAsync());
        Assert.Equal([.. Enumerable.Range(0, 20).Select(i => $"s-{i}")], _rig.Output.Of("s"));
        Assert.Equal(0, _rig.Log.Count(Missing));
        await run.StopAsync();
    }

    [Fact]
    public async Task One_that_breaks_at_the_same_place_again_and_again_waits_and_goes_on_there()
    {
        _rig.AddRecording("s", [.. Enumerable.Range(0, 10)]);
        var broken = true;
        Break((request, sent) => broken && request.StartIndex + sent == 4 ? new GrpcException(GrpcStatus.Internal, "damaged") : null);
        await using var run = _rig.Run();
        await run.UploadAsync("s", SessionRig.Now.AddDays(-100));
        await _rig.PassTimeUntilAsync(_rig.Log.When(Missing, 2));
        broken = false;
        await _rig.PassTimeUntilAsync(_rig.Output.WhenTaken(10));
        await run.IdleAsync();
        Assert.Equal([.. Enumerable.Range(0, 10).Select(i => $"s-{i}")], _rig.Output.Of("s"));
        Assert.Equal(0, _asked.First());
        Assert.All(_asked.Skip(1), index => Assert.Equal(4, index));
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Missing);
    }

    [Fact]
    public async Task The_end_of_the_process_during_a_pause_keeps_the_place()
    {
        _rig.AddRecording("s", [.. Enumerable.Range(0, 5)]);
        Break((_, sent) => sent == 3 ? new GrpcException(GrpcStatus.Unavailable, "broken") : null);
        await using (var run = _rig.Run())
        {
            await run.UploadAsync("s", SessionRig.Now);
            await _rig.Log.When(3404).WaitAsync(_rig.Cancellation);
            await run.StopAsync();
            Assert.Equal(3, run.Checkpoint.State.Sessions["s"].NextIndex);
        }
        await using var again = _rig.Run();
        await again.IdleAsync();
        Assert.Equal([.. Enumerable.Range(0, 5).Select(i => $"s-{i}")], _rig.Output.Of("s"));
        await again.StopAsync();
    }

    [Fact]
    public async Task Indexes_out_of_order_are_all_delivered()
    {
        _rig.AddRecording("s", 0, 1, 4, 2, 3, 5);
        await using var run = _rig.Run();
        await run.UploadAsync("s", SessionRig.Now);
        await run.IdleAsync();
        Assert.Equal(["s-0", "s-1", "s-4", "s-2", "s-3", "s-5"], _rig.Output.Of("s"));
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Sessions);
    }

    [Fact]
    public async Task A_stream_out_of_order_that_breaks_goes_on_where_the_disorder_began()
    {
        _rig.AddRecording("s", 0, 1, 4, 2, 3, 5);
        Break((request, sent) => request.StartIndex == 0 && sent == 4 ? new GrpcException(GrpcStatus.Unavailable, "broken") : null);
        await using var run = _rig.Run();
        await run.UploadAsync("s", SessionRig.Now);
        await _rig.PassTimeUntilAsync(run.IdleAsync());
        Assert.Equal([0, 2], _asked);
        Assert.Equal(["s-0", "s-1", "s-4", "s-2", "s-4", "s-2", "s-3", "s-5"], _rig.Output.Of("s"));
        await run.StopAsync();
    }

    private void Break(Func<StreamUnstructuredSessionEventsRequest, int, GrpcException?> when) => _rig.Cluster.BreakRecording = (request, sent) =>
    {
        if (sent == 0)
            _asked.Enqueue(request.StartIndex);
        return when(request, sent);
    };
}
