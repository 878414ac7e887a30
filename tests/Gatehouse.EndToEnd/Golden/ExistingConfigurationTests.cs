using Gatehouse.EndToEnd.Running;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>Configuration files of the field, unchanged; only where the peers are is said on the command line, as tests have no fixed ports.</summary>
public sealed class ExistingConfigurationTests : IAsyncLifetime
{
    private GoldenDesk _desk = null!;

    public async ValueTask InitializeAsync() => _desk = await GoldenDesk.SetUpAsync();

    public async ValueTask DisposeAsync() => await _desk.DisposeAsync();

    [Fact]
    public async Task What_upstreams_configure_wrote_works()
    {
        var toml = File.ReadAllText(GoldenData.PathOf("configure", "defaults", "teleport-event-handler.toml"));
        var end = await RunAsync(toml.Replace("${DIR}", _desk.Config, StringComparison.Ordinal));
        AssertDelivered(end);
        // Of the two that are left, one recording is not in the captures and one has no name; about the settings there is nothing to say.
        Assert.All(end.Log.Where(line => line.Level == "warning"), line => Assert.Matches("^(session.upload names no session|Recording is missing)", line.Message));
    }

    [Fact]
    public async Task The_sample_of_the_old_readme_works()
    {
        Differences.AssertHas("fluentd-sections");
        var end = await RunAsync("""
            storage = "./storage" # Plugin will save it's state here
            timeout = "10s"
            batch = 20
            namespace = "default"

            [fluentd]
            cert = "client.crt"
            key = "client.key" 
            ca = "ca.crt"
            url = "https://localhost:8888/test.log"
            session-url = "https://localhost:8888/session" # .<session id>.log will be appended to this URL

            [teleport]
            addr = "localhost:3025" # Default local Teleport instance address
            identity = "identity"   # Identity file exported on previous step
            """);
        AssertDelivered(end);
        // Relative to the working directory, as upstream does it, not to the file.
        Assert.True(Directory.Exists(Path.Combine(_desk.Config, "storage")));
    }

    [Fact]
    public async Task The_sample_of_the_newer_guides_works()
    {
        var end = await RunAsync($"""
            storage = "./storage"
            timeout = "10s"
            batch = 20
            namespace = "default"
            # The window size configures the duration of the time window for the event handler
            # to request events from Teleport. By default, this is set to 24 hours.
            # Reduce the window size if the events backend cannot manage the event volume 
            # for the default window size.
            # The window size should be specified as a duration string, parsed by Go's time.ParseDuration.
            window-size = "24h"

            [forward.fluentd]
            ca = "{_desk.Config}/ca.crt"
            cert = "{_desk.Config}/client.crt"
            key = "{_desk.Config}/client.key"
            url = "https://fluentd.example.com:8888/test.log"
            session-url = "https://fluentd.example.com:8888/session"

            [teleport]
            addr = "example.teleport.com:443"
            identity = "identity"
            """);
        AssertDelivered(end);
    }

    [Fact]
    public async Task A_file_that_is_not_toml_is_a_usage_error_with_its_place()
    {
        _desk.Write("teleport-event-handler.toml", "timeout = \"1s\"\ntimeout = \"2s\"\n");
        var end = await _desk.RunAsync("start", "--config", "teleport-event-handler.toml");
        Assert.Equal(1, end.Exit);
        Assert.StartsWith("Usage: teleport-event-handler start", end.Output, StringComparison.Ordinal);
        Assert.Contains("(2, 1): The following key was defined twice: timeout", end.Errors, StringComparison.Ordinal);
    }

    private Task<ProgramEnd> RunAsync(string toml)
    {
        _desk.Write("teleport-event-handler.toml", toml);
        return _desk.RunAsync(
            "start", "--config", "teleport-event-handler.toml", "--start-time", "2021-01-01T00:00:00Z", "--exit-on-last-event",
            $"--teleport-addr={_desk.ClusterAddress}", $"--fluentd-url={_desk.Receiver.Url}/test.log", $"--fluentd-session-url={_desk.Receiver.Url}/session");
    }

    private void AssertDelivered(ProgramEnd end)
    {
        Assert.True(end.Exit == 0, end.Errors);
        Assert.Equal(GoldenData.Events.Count, _desk.Receiver.Requests.Count(request => request.Target == "/test.log"));
        Assert.Contains(_desk.Receiver.Requests, request => request.Target.StartsWith("/session.", StringComparison.Ordinal));
    }
}
