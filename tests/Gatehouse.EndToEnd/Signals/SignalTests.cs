using Gatehouse.EndToEnd.Golden;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Signals;

/// <summary>Signals to the running process; the first two are the real handler's runs.</summary>
public sealed class SignalTests
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
    public async Task A_killed_handler_repeats_only_what_was_in_flight()
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

    [Fact]
    public async Task Hup_takes_a_new_url_without_losing_or_repeating_an_event()
    {
        Differences.AssertHas("hup-reloads");
        Assert.Equal(-1, Transcript.Of("signals", "sighup-idle").Exit);
        await using var desk = await GoldenDesk.SetUpAsync();
        WriteConfiguration(desk, "/before.log");
        await using var program = desk.Start("start", "--config", "handler.toml");
        await desk.Receiver.WhenRequestsAsync(5);
        WriteConfiguration(desk, "/after.log");
        program.Signal(RunningProgram.Hup);
        await program.WhenSaysAsync("Configuration and credentials reloaded");
        await desk.Receiver.WhenRequestsAsync(GoldenData.Events.Count);
        desk.Cluster.Log.Add(ScriptedEvents.Make("after-the-reload", DateTime.UtcNow));
        await desk.Receiver.WhenRequestAsync(request => request.Text.Contains("after-the-reload", StringComparison.Ordinal));
        program.Signal(RunningProgram.Term);
        Assert.Equal(0, (await program.EndAsync()).Exit);

        var posted = desk.Receiver.Requests;
        Assert.Equal(GoldenData.Events.Count + 1, posted.Count);
        Assert.Equal(posted.Count, posted.Select(request => request.Text).Distinct().Count());
        Assert.Equal("/after.log", posted[^1].Target);
        Assert.Equal(posted.Select(request => request.Target).Order(StringComparer.Ordinal).Reverse(), posted.Select(request => request.Target));
    }

    [Fact]
    public async Task A_wrong_configuration_on_hup_leaves_the_old_one_in_force()
    {
        await using var desk = await GoldenDesk.SetUpAsync();
        WriteConfiguration(desk, "/before.log");
        await using var program = desk.Start("start", "--config", "handler.toml");
        await desk.Receiver.WhenRequestsAsync(GoldenData.Events.Count);
        desk.Write("handler.toml", "storage = \"elsewhere\"\n[teleport\n");
        program.Signal(RunningProgram.Hup);
        await program.WhenSaysAsync("Configuration not reloaded, the old one stays in force");
        desk.Cluster.Log.Add(ScriptedEvents.Make("after-the-reload", DateTime.UtcNow));
        await desk.Receiver.WhenRequestAsync(request => request.Text.Contains("after-the-reload", StringComparison.Ordinal));
        program.Signal(RunningProgram.Term);
        var end = await program.EndAsync();
        Assert.Equal(0, end.Exit);
        Assert.All(desk.Receiver.Requests, request => Assert.Equal("/before.log", request.Target));
        Assert.Contains("handler.toml", string.Join(' ', end.Log.Single(line => line.Message.StartsWith("Configuration not", StringComparison.Ordinal)).Fields.Values), StringComparison.Ordinal);
    }

    private static void WriteConfiguration(GoldenDesk desk, string target) => desk.Write("handler.toml", $"""
        storage = "{desk.Dir}/storage"
        start-time = "2021-01-01T00:00:00Z"
        skip-session-types = ["session.start", "session.end", "session.leave", "exec", "print"]
        timeout = "200ms"

        [forward.fluentd]
        ca = "ca.crt"
        cert = "client.crt"
        key = "client.key"
        url = "{desk.Receiver.Url}{target}"
        session-url = "{desk.Receiver.Url}/session"
        max-connections = 1

        [teleport]
        addr = "{desk.ClusterAddress}"
        identity = "identity"
        """);
}
