using Xunit;

namespace Gatehouse.EventHandler.Tests.Sessions;

/// <summary>Recordings with events that the receiver refuses, when nothing of theirs shows that it takes others.</summary>
public sealed class RefusedRecordingTests : IAsyncLifetime
{
    private const int Finished = 3403;
    private const int NotTaken = 3411;

    private SessionRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await SessionRig.StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task It_makes_room_for_another_one_and_is_finished_once_that_was_taken()
    {
        _rig.AddRecording("refused", 0, 1, 2);
        _rig.AddRecording("fine", 0, 1);
        _rig.Output.Refused.UnionWith(["refused-1", "refused-2"]);
        await using var run = _rig.Run(concurrency: 1, maxEvents: 1);
        await run.UploadAsync("refused", SessionRig.Now);
        await _rig.PassTimeUntilAsync(_rig.Log.When(NotTaken, 1));
        await run.IdleAsync();
        Assert.Equal(0, run.DeadLetters.Count);
        Assert.Equal(1, run.Checkpoint.State.Missing["refused"].NextIndex);

        await run.UploadAsync("fine", SessionRig.Now);
        await _rig.PassTimeUntilAsync(_rig.Log.When(Finished, 2));
        Assert.Equal(2, run.DeadLetters.Count);
        Assert.Equal(["refused-0"], _rig.Output.Of("refused"));
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Missing);
    }

    [Fact]
    public async Task The_events_behind_the_one_at_hand_show_that_others_are_taken()
    {
        _rig.AddRecording("slow", 0, 1, 2);
        _rig.Output.Refused.Add("slow-0");
        var opened = 0;
        var again = new TaskCompletionSource();
        _rig.Cluster.BreakRecording = (_, sent) =>
        {
            if (sent == 0 && Interlocked.Increment(ref opened) == 2)
                again.SetResult();
            // The first stream brings one event and then nothing, until it is opened a second time.
            if (sent == 1 && Volatile.Read(ref opened) == 1)
                again.Task.Wait(TimeSpan.FromSeconds(30));
            return null;
        };
        await using var run = _rig.Run(concurrency: 1, maxEvents: 1);
        await run.UploadAsync("slow", SessionRig.Now);
        await _rig.PassTimeUntilAsync(_rig.Log.When(Finished, 1));
        Assert.Equal(1, run.DeadLetters.Count);
        Assert.Equal(["slow-1", "slow-2"], _rig.Output.Of("slow"));
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Missing);
    }
}
