using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Sessions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sessions;

public sealed class TakenBackRecordingTests : IAsyncLifetime
{
    private SessionRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await SessionRig.StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_replay_has_a_given_up_recording_streamed_from_its_index_when_the_handler_starts()
    {
        await GiveUpAsync("s", 3);
        _rig.AddRecording("s", [.. Enumerable.Range(0, 5)]);
        Assert.Equal(1, (await ReplayAsync()).HandedBack);

        await using var run = _rig.Run();
        await TakeBackOnceAsync(run, _rig.Output.WhenTaken(2));
        Assert.Equal(["s-3", "s-4"], _rig.Output.Of("s"));
        await run.IdleAsync();
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Missing);
        Assert.DoesNotContain(Directory.GetFiles(_rig.StateDirectory), file => file.Contains("recordings-again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_running_handler_takes_it_within_a_minute()
    {
        _rig.AddRecording("s", [.. Enumerable.Range(0, 5)]);
        await using var run = _rig.Run();
        using var stop = new CancellationTokenSource();
        var takingBack = TakenBack(run).RunAsync(stop.Token);
        await GiveUpAsync("s", 3);
        await ReplayAsync();
        _rig.Clock.Advance(TakenBackRecordings.Between);
        await _rig.Output.WhenTaken(2).WaitAsync(_rig.Cancellation);
        Assert.Equal(["s-3", "s-4"], _rig.Output.Of("s"));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => takingBack);
        await run.StopAsync();
    }

    [Fact]
    public async Task One_that_is_still_not_there_has_another_48_hours()
    {
        await GiveUpAsync("gone", 0);
        await ReplayAsync();
        await using var run = _rig.Run();
        await TakeBackOnceAsync(run, _rig.Log.When(3405));
        await _rig.PassTimeUntilAsync(_rig.Log.When(3406));
        Assert.True(_rig.Clock.GetUtcNow().UtcDateTime >= SessionRig.Now.AddHours(48), "given up before its 48 hours");
        await run.StopAsync();
    }

    [Fact]
    public async Task What_a_crash_left_half_taken_is_taken_again()
    {
        await GiveUpAsync("s", 3);
        await ReplayAsync();
        File.Move(Path.Combine(_rig.StateDirectory, "recordings-again.ndjson"), Path.Combine(_rig.StateDirectory, "recordings-again.taken.ndjson"));
        _rig.AddRecording("s", [.. Enumerable.Range(0, 5)]);
        await using var run = _rig.Run();
        await TakeBackOnceAsync(run, _rig.Output.WhenTaken(2));
        Assert.Equal(["s-3", "s-4"], _rig.Output.Of("s"));
        await run.StopAsync();
    }

    [Fact]
    public async Task A_recording_under_way_stays_where_it_is()
    {
        _rig.AddRecording("s", [.. Enumerable.Range(0, 5)]);
        _rig.Output.HoldAt("s-4");
        await using var run = _rig.Run(maxEvents: 1);
        await run.UploadAsync("s", SessionRig.Now);
        await _rig.Output.Held.WaitAsync(_rig.Cancellation);
        await GiveUpAsync("s", 1);
        await ReplayAsync();
        await TakeBackOnceAsync(run, _rig.Log.When(3409));
        _rig.Output.Release();
        await _rig.PassTimeUntilAsync(run.IdleAsync());
        Assert.Equal([.. Enumerable.Range(0, 5).Select(i => $"s-{i}")], _rig.Output.Of("s"));
        await run.StopAsync();
    }

    [Fact]
    public async Task Many_taken_back_are_durable_at_once_and_leave_the_audit_log_its_room()
    {
        const int Many = 60;
        for (var i = 0; i < Many; i++)
            _rig.AddRecording($"back{i}", "exec");
        _rig.AddRecording("new", "exec");
        _rig.Output.HoldAt("back0-0");
        await using var run = _rig.Run(concurrency: 1);
        for (var i = 0; i < Many; i++)
            await run.Sessions.TakeBackAsync($"back{i}", 0, SessionRig.Now).WaitAsync(_rig.Cancellation);
        Assert.Equal(Many, run.Checkpoint.State.Missing.Count);
        Assert.Equal(Many, run.Sessions.Backlog);
        await _rig.Output.Held.WaitAsync(_rig.Cancellation);
        Assert.True(run.Sessions.WaitForRoomAsync(_rig.Cancellation).IsCompleted, "the audit log was held back");

        // What the log announces comes after the one that is under way, not after all of them.
        await run.UploadAsync("new", SessionRig.Now);
        _rig.Output.HoldAt("back1-0");
        await _rig.PassTimeUntilAsync(_rig.Output.WhenTaken(2));
        Assert.Equal(["new-0"], _rig.Output.Of("new"));

        _rig.Output.Release();
        await _rig.PassTimeUntilAsync(run.IdleAsync());
        Assert.All(Enumerable.Range(0, Many), i => Assert.Equal([$"back{i}-0"], _rig.Output.Of($"back{i}")));
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Missing);
        Assert.Empty(run.Checkpoint.State.Sessions);
    }

    [Fact]
    public async Task A_file_that_can_not_be_read_is_told_and_tried_again()
    {
        await using var run = _rig.Run();
        File.CreateSymbolicLink(Path.Combine(_rig.StateDirectory, "recordings-again.taken.ndjson"), "/proc/self/mem");
        using var stop = new CancellationTokenSource();
        var takingBack = TakenBack(run).RunAsync(stop.Token);
        await _rig.Log.When(3410).WaitAsync(_rig.Cancellation);
        File.Delete(Path.Combine(_rig.StateDirectory, "recordings-again.taken.ndjson"));
        await GiveUpAsync("s", 0);
        await ReplayAsync();
        _rig.AddRecording("s", 0);
        _rig.Clock.Advance(TakenBackRecordings.Between);
        await _rig.Output.WhenTaken(1).WaitAsync(_rig.Cancellation);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => takingBack);
        await run.StopAsync();
    }

    private TakenBackRecordings TakenBack(SessionRun run) =>
        new(new RecordingsAgainFile(_rig.StateDirectory, TimeProvider.System), run.Sessions, _rig.Clock, _rig.Log);

    private async Task TakeBackOnceAsync(SessionRun run, Task until)
    {
        using var stop = new CancellationTokenSource();
        var takingBack = TakenBack(run).RunAsync(stop.Token);
        await until.WaitAsync(_rig.Cancellation);
        await run.Writer.FlushAsync().WaitAsync(_rig.Cancellation);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => takingBack);
    }

    private async Task GiveUpAsync(string id, long nextIndex)
    {
        Directory.CreateDirectory(_rig.StateDirectory);
        using var file = DeadLetterFile.Open(_rig.StateDirectory, TimeProvider.System);
        await file.AppendRecordingAsync(id, nextIndex, "not found", _rig.Cancellation);
    }

    private Task<DeadLetterReplayResult> ReplayAsync() =>
        DeadLetterReplay.RunAsync(_rig.StateDirectory, _rig.Output, null, TimeProvider.System, _rig.Cancellation);
}
