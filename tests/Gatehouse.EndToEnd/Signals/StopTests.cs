using Gatehouse.EndToEnd.Golden;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Signals;

/// <summary>TERM, INT and KILL, as the captures had them.</summary>
public sealed class StopTests
{
    [Theory]
    [InlineData("sigint-idle", RunningProgram.Int)]
    [InlineData("sigterm-idle", RunningProgram.Term)]
    public async Task Idle_it_ends_as_upstream_does(string name, int signal)
    {
        await using var desk = await GoldenDesk.SetUpAsync();
        var golden = Transcript.Of("signals", name);
        await using var program = desk.Start(golden);
        await desk.Receiver.WhenRequestsAsync(24);
        program.Signal(signal);
        var end = await program.EndAsync();
        Assert.Equal(golden.Exit, end.Exit);
        Words.AssertSaid(golden, end);
    }

    [Fact]
    public async Task Told_to_stop_while_it_tries_again_it_ends_well_and_the_event_comes_next_time()
    {
        Differences.AssertHas("stop-while-trying");
        var golden = Transcript.Of("signals", "sigterm-backoff");
        Assert.Equal(1, golden.Exit);
        await using var desk = await GoldenDesk.SetUpAsync(ReceiverAnswer.Status(500), ReceiverAnswer.Status(500), ReceiverAnswer.Status(500), ReceiverAnswer.Status(500), ReceiverAnswer.Ok);
        await using (var program = desk.Start(golden, "--fluentd-max-connections=1"))
        {
            await desk.Receiver.WhenRequestsAsync(2);
            program.Signal(RunningProgram.Term);
            Assert.Equal(0, (await program.EndAsync()).Exit);
        }
        var end = await desk.RunAsync(golden, "--exit-on-last-event");
        Assert.Equal(0, end.Exit);
        Assert.Equal(24, desk.Receiver.Requests.Skip(4).Select(request => request.Text).Distinct().Count());
    }

    [Fact]
    public async Task Usr1_does_nothing()
    {
        await using var desk = await GoldenDesk.SetUpAsync();
        await using var program = desk.Start(Transcript.Of("signals", "sigusr1-idle"), "--timeout=200ms");
        await desk.Receiver.WhenRequestsAsync(24);
        program.Signal(RunningProgram.Usr1);
        desk.Cluster.Log.Add(ScriptedEvents.Make("after-the-signal", DateTime.UtcNow, "role.created"));
        await desk.Receiver.WhenRequestsAsync(25);
        program.Signal(RunningProgram.Term);
        Assert.Equal(0, (await program.EndAsync()).Exit);
    }

    [Fact]
    public async Task A_second_int_ends_it_at_once()
    {
        await using var desk = await GoldenDesk.SetUpAsync(ReceiverAnswer.Hang);
        await using var program = desk.Start(Transcript.Of("signals", "sigint-hang"));
        await desk.Receiver.WhenRequestsAsync(1);
        program.Signal(RunningProgram.Int);
        await program.WhenSaysAsync("Attempting graceful shutdown...");
        program.Signal(RunningProgram.Int);
        var end = await program.EndAsync();
        Assert.Equal(130, end.Exit);
        Assert.DoesNotContain("Successfully shut down", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Told_to_stop_while_the_receiver_hangs_it_ends_after_a_grace_and_the_event_comes_next_time()
    {
        Differences.AssertHas("stop-while-sending");
        var golden = Transcript.Of("signals", "sigterm-hang");
        // Connections in flight at most, so that the script knows how many requests hang.
        await using var desk = await GoldenDesk.SetUpAsync(ReceiverAnswer.Hang, ReceiverAnswer.Ok);
        await using (var program = desk.Start(golden, "--fluentd-max-connections=1"))
        {
            await desk.Receiver.WhenRequestsAsync(1);
            program.Signal(RunningProgram.Term);
            var end = await program.EndAsync();
            Assert.Equal(golden.Exit, end.Exit);
        }
        var again = await desk.RunAsync(golden, "--exit-on-last-event");
        Assert.Equal(0, again.Exit);
        Assert.Equal(24, desk.Receiver.Requests.Skip(1).Select(request => request.Text).Distinct().Count());
        Assert.Equal(24, desk.Receiver.Requests.Count - 1);
    }

    [Fact]
    public async Task A_killed_handler_loses_no_event_and_repeats_at_most_those_it_had_sent()
    {
        var golden = Transcript.Of("signals", "sigkill-hang");
        await using var desk = await GoldenDesk.SetUpAsync(ReceiverAnswer.Ok, ReceiverAnswer.Ok, ReceiverAnswer.Hang, ReceiverAnswer.Ok);
        await using (var program = desk.Start(golden, "--fluentd-max-connections=1"))
        {
            await desk.Receiver.WhenRequestsAsync(3);
            program.Signal(RunningProgram.Kill);
            await program.EndAsync();
        }
        var end = await desk.RunAsync(golden, "--exit-on-last-event");
        Assert.Equal(0, end.Exit);
        var posted = desk.Receiver.Requests.Select(request => request.Text).ToList();
        Assert.Equal(24, posted.Distinct().Count());
        Assert.InRange(posted.Count, 25, 27);
    }
}
