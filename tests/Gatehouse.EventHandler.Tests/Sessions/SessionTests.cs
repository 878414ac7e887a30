using Gatehouse.EventHandler.Tests.Pipeline;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sessions;

public sealed class SessionTests : IAsyncLifetime
{
    private SessionRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await SessionRig.StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_recording_is_streamed_in_order_without_the_types_nobody_wants()
    {
        _rig.AddRecording("s1", "session.start", "print", "resize", "print", "session.end");
        await using var run = _rig.Run(maxEvents: 1);
        await run.UploadAsync("s1", SessionRig.Now);
        await run.IdleAsync();
        Assert.Equal(["s1-0", "s1-2", "s1-4"], _rig.Output.Of("s1"));
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Sessions);
    }

    [Fact]
    public async Task The_events_of_recordings_are_counted_by_type_like_those_of_the_log()
    {
        using var counts = new EventCounts(_rig.Metrics);
        _rig.AddRecording("s1", "session.start", "print", "resize", "print", "session.end");
        await using var run = _rig.Run();
        await run.UploadAsync("s1", SessionRig.Now);
        await run.IdleAsync();
        await run.StopAsync();
        Assert.Equal(["resize session 1", "session.end session 1", "session.start session 1"], counts.Of("read"));
        Assert.Equal(["print session 2"], counts.Of("filtered"));
        Assert.Equal(counts.Of("read"), counts.Of("sent"));
    }

    [Fact]
    public async Task A_restart_goes_on_behind_the_last_delivered_event()
    {
        _rig.AddRecording("s1", [.. Enumerable.Repeat("exec", 10)]);
        _rig.Output.HoldAt("s1-6");
        await using (var run = _rig.Run(maxEvents: 1))
        {
            await run.UploadAsync("s1", SessionRig.Now);
            await _rig.Output.Held.WaitAsync(_rig.Cancellation);
            await run.StopAsync();
            Assert.Equal(6, run.Checkpoint.State.Sessions["s1"].NextIndex);
        }
        _rig.Output.Release();
        await using var again = _rig.Run(maxEvents: 1);
        await again.IdleAsync();
        Assert.Equal([.. Enumerable.Range(0, 10).Select(i => $"s1-{i}")], _rig.Output.Of("s1"));
        await again.StopAsync();
    }

    [Fact]
    public async Task Too_many_waiting_recordings_hold_the_audit_log_back()
    {
        _rig.AddRecording("held", "exec");
        _rig.Output.HoldAt("held-0");
        await using var run = _rig.Run(concurrency: 1);
        await run.UploadAsync("held", SessionRig.Now);
        for (var i = 0; i < 15; i++)
        {
            _rig.AddRecording($"w{i}", "exec");
            await run.UploadAsync($"w{i}", SessionRig.Now);
        }
        var room = run.Sessions.WaitForRoomAsync(_rig.Cancellation);
        Assert.False(room.IsCompleted);
        _rig.Output.Release();
        await _rig.PassTimeUntilAsync(room);
        await run.IdleAsync();
        Assert.True(_rig.Output.WhenTaken(16).IsCompleted);
        await run.StopAsync();
    }
}
