using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.Tests.Sources;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sessions;

public sealed class MissingRecordingTests : IAsyncLifetime
{
    private const int Missing = 3405;
    private const int GivenUp = 3406;
    private const int Denied = 3407;

    private SessionRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await SessionRig.StartAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_missing_recording_comes_back_after_a_restart_and_is_given_up_in_the_end()
    {
        await using (var run = _rig.Run())
        {
            await run.UploadAsync("gone", SessionRig.Now.AddHours(-47));
            await run.IdleAsync();
            await run.StopAsync();
            Assert.Equal(1, run.Checkpoint.State.Missing["gone"].Attempts);
        }
        await using var again = _rig.Run();
        await _rig.PassTimeUntilAsync(_rig.Log.When(GivenUp));
        Assert.True(_rig.Clock.GetUtcNow().UtcDateTime >= SessionRig.Now.AddHours(1), "given up before its 48 hours");
        await again.IdleAsync();
        await again.StopAsync();
        Assert.Empty(again.Checkpoint.State.Missing);
        Assert.Contains("\"recording\"", await File.ReadAllTextAsync(again.DeadLetters.Path, _rig.Cancellation));
    }

    [Fact]
    public async Task A_recording_of_unknown_age_has_its_48_hours_from_the_first_try()
    {
        await using var run = _rig.Run();
        await run.UploadAsync("gone", DateTime.MinValue);
        await _rig.PassTimeUntilAsync(_rig.Log.When(GivenUp));
        Assert.True(_rig.Clock.GetUtcNow().UtcDateTime >= SessionRig.Now.AddHours(48), "given up before its 48 hours");
        await run.StopAsync();
    }

    [Theory]
    [InlineData(GrpcStatus.PermissionDenied)]
    [InlineData(GrpcStatus.Unauthenticated)]
    [InlineData(GrpcStatus.Unimplemented)]
    [InlineData(GrpcStatus.FailedPrecondition)]
    [InlineData(GrpcStatus.InvalidArgument)]
    [InlineData(GrpcStatus.OutOfRange)]
    [InlineData(GrpcStatus.AlreadyExists)]
    [InlineData(GrpcStatus.DataLoss)]
    [InlineData(GrpcStatus.Unknown)]
    [InlineData((GrpcStatus)99)]
    public async Task A_recording_that_the_cluster_refuses_is_asked_for_every_hour_and_never_given_up(GrpcStatus status)
    {
        using var counts = new FailureCounts(_rig.SessionMetrics);
        _rig.AddRecording("old", "session.start", "session.end");
        var refuse = true;
        _rig.Cluster.Refuse = _ => refuse ? new GrpcException(status, "no") : null;
        await using var run = _rig.Run();
        await run.UploadAsync("old", SessionRig.Now.AddDays(-100));
        await _rig.PassTimeUntilAsync(_rig.Log.When(Denied, 6));
        await run.Writer.FlushAsync().WaitAsync(_rig.Cancellation);
        Assert.Equal(0, _rig.Log.Count(GivenUp));
        var waiting = run.Checkpoint.State.Missing["old"];
        Assert.Equal(0, waiting.Attempts);
        Assert.Equal(TimeSpan.FromHours(1), waiting.NextTry - _rig.Clock.GetUtcNow().UtcDateTime);
        Assert.True(counts.Of(Enum.IsDefined(status) ? status.ToString() : "Unknown") >= 6);

        refuse = false;
        await _rig.PassTimeUntilAsync(_rig.Output.WhenTaken(2));
        await run.IdleAsync();
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Missing);
    }

    [Theory]
    [InlineData(GrpcStatus.Unavailable)]
    [InlineData(GrpcStatus.DeadlineExceeded)]
    [InlineData(GrpcStatus.Cancelled)]
    [InlineData(GrpcStatus.ResourceExhausted)]
    [InlineData(GrpcStatus.Aborted)]
    public async Task A_cluster_that_is_away_says_nothing_about_a_recording(GrpcStatus status)
    {
        _rig.Cluster.Refuse = _ => new GrpcException(status, "away");
        await using var run = _rig.Run();
        await run.UploadAsync("old", SessionRig.Now.AddDays(-100));
        await _rig.PassTimeUntilAsync(_rig.Log.When(Missing, 6));
        await run.Writer.FlushAsync().WaitAsync(_rig.Cancellation);
        Assert.Equal(0, _rig.Log.Count(GivenUp));
        Assert.Equal(0, run.Checkpoint.State.Missing["old"].Attempts);
        await run.StopAsync();
    }

    [Theory]
    [InlineData(GrpcStatus.NotFound)]
    [InlineData(GrpcStatus.Internal)]
    public async Task What_the_recording_itself_causes_gives_it_up_after_three_tries(GrpcStatus status)
    {
        _rig.Cluster.Refuse = _ => new GrpcException(status, "not there");
        await using var run = _rig.Run();
        await run.UploadAsync("old", SessionRig.Now.AddDays(-100));
        await _rig.PassTimeUntilAsync(_rig.Log.When(GivenUp));
        Assert.Equal(2, _rig.Log.Count(Missing));
        await run.StopAsync();
    }

    [Fact]
    public async Task Refusals_do_not_count_towards_giving_up()
    {
        var status = GrpcStatus.PermissionDenied;
        _rig.Cluster.Refuse = _ => new GrpcException(status, "no");
        await using var run = _rig.Run();
        await run.UploadAsync("old", SessionRig.Now.AddDays(-100));
        await _rig.PassTimeUntilAsync(_rig.Log.When(Denied, 5));
        status = GrpcStatus.NotFound;
        await _rig.PassTimeUntilAsync(_rig.Log.When(GivenUp));
        Assert.Equal(2, _rig.Log.Count(Missing));
        await run.StopAsync();
    }

    [Fact]
    public async Task A_recording_that_turns_up_late_is_streamed()
    {
        await using var run = _rig.Run();
        await run.UploadAsync("late", SessionRig.Now);
        await run.IdleAsync();
        _rig.AddRecording("late", "session.start", "session.end");
        await _rig.PassTimeUntilAsync(_rig.Output.WhenTaken(2));
        Assert.Equal(["late-0", "late-1"], _rig.Output.Of("late"));
        await run.StopAsync();
    }

    [Fact]
    public async Task Sessions_beside_a_missing_one_are_not_held_up()
    {
        _rig.AddRecording("there", "exec");
        await using var run = _rig.Run(concurrency: 1);
        await run.UploadAsync("gone", SessionRig.Now);
        await run.UploadAsync("there", SessionRig.Now);
        await run.IdleAsync();
        Assert.Equal(["there-0"], _rig.Output.Of("there"));
        await run.StopAsync();
    }

    [Fact]
    public async Task Each_change_of_the_schedule_takes_the_timer_of_the_wait_before_with_it()
    {
        await using var run = _rig.Run();
        var missing = new MissingRecordings(run.DeadLetterDesk, run.Writer, _rig.Clock, _rig.Log);
        using var stop = new CancellationTokenSource();
        var waits = new List<WaitingClock.Wait>();
        var reading = Task.Run(() => missing.DueAsync(stop.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken).MoveNextAsync().AsTask());
        for (var i = 0; i < 5; i++)
        {
            missing.Schedule(new RecordingJob($"s{i}", 0, SessionRig.Now, 0), SessionRig.Now.AddMinutes(i + 1));
            waits.Add(await _rig.Clock.Waits.ReadAsync(_rig.Cancellation));
        }
        Assert.Equal([true, true, true, true, false], waits.Select(wait => wait.IsOver));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        Assert.True(waits[^1].IsOver, "the last wait left its timer behind");
        await run.StopAsync();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 9)]
    [InlineData(4, 27)]
    [InlineData(5, 60)]
    [InlineData(40, 60)]
    public void The_pauses_grow_to_an_hour(int attempts, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), MissingRecordings.Pause(attempts));
}
