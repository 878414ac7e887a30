using Gatehouse.EndToEnd.Golden;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Signals;

/// <summary>HUP, under load and with a configuration that is wrong.</summary>
public sealed class ReloadTests
{
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

    [Fact]
    public async Task Hup_changes_level_and_form_of_the_log_and_says_that_another_diagnostics_address_needs_a_restart()
    {
        await using var desk = await GoldenDesk.SetUpAsync();
        WriteConfiguration(desk, "/before.log");
        await using var program = desk.Start("start", "--config", "handler.toml");
        await desk.Receiver.WhenRequestsAsync(GoldenData.Events.Count);
        WriteConfiguration(desk, "/before.log", "debug = true\nlog-format = \"json\"\ndiag-addr = \"127.0.0.1:1\"");
        program.Signal(RunningProgram.Hup);
        await program.WhenSaysAsync("with the next restart only");
        desk.Cluster.Log.Add(ScriptedEvents.Make("after-the-reload", DateTime.UtcNow));
        await program.WhenSaysAsync("after-the-reload");
        WriteConfiguration(desk, "/before.log");
        program.Signal(RunningProgram.Hup);
        await program.WhenSaysAsync("level=info msg=\"Configuration and credentials reloaded\"");
        program.Signal(RunningProgram.Term);
        var end = await program.EndAsync();
        Assert.Equal(0, end.Exit);

        var lines = end.Errors.Split('\n');
        var warning = Assert.Single(lines, line => line.Contains("with the next restart only", StringComparison.Ordinal));
        Assert.StartsWith("{", warning, StringComparison.Ordinal);
        Assert.Contains("diag-addr", warning, StringComparison.Ordinal);
        Assert.Contains("127.0.0.1:1", warning, StringComparison.Ordinal);
        var sent = Assert.Single(lines, line => line.Contains("after-the-reload", StringComparison.Ordinal));
        Assert.StartsWith("{", sent, StringComparison.Ordinal);
        Assert.Contains("Event sent", sent, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("identity")]
    [InlineData("client.crt")]
    public async Task A_half_written_file_on_hup_leaves_the_old_one_in_force(string file)
    {
        await using var desk = await GoldenDesk.SetUpAsync();
        WriteConfiguration(desk, "/before.log");
        await using var program = desk.Start("start", "--config", "handler.toml");
        await desk.Receiver.WhenRequestsAsync(GoldenData.Events.Count);
        var whole = await File.ReadAllTextAsync(desk.At(file), TestContext.Current.CancellationToken);
        desk.Write(file, whole[..300]);
        program.Signal(RunningProgram.Hup);
        await program.WhenSaysAsync("Configuration not reloaded, the old one stays in force");
        desk.Cluster.Log.Add(ScriptedEvents.Make("after-the-reload", DateTime.UtcNow));
        await desk.Receiver.WhenRequestAsync(request => request.Text.Contains("after-the-reload", StringComparison.Ordinal));
        program.Signal(RunningProgram.Term);
        Assert.Equal(0, (await program.EndAsync()).Exit);
        Assert.Equal(GoldenData.Events.Count + 1, desk.Receiver.Requests.Count);
    }

    private static void WriteConfiguration(GoldenDesk desk, string target, string further = "") => desk.Write("handler.toml", $"""
        storage = "{desk.Dir}/storage"
        start-time = "2021-01-01T00:00:00Z"
        skip-session-types = ["session.start", "session.end", "session.leave", "exec", "print"]
        timeout = "200ms"
        {further}

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
