using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gatehouse.EndToEnd.Golden;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Locks;

/// <summary>Failed logins in the auth service's log, our handler between it and a receiver, and what becomes of whom.</summary>
public sealed partial class LockRuleTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly ScriptedReceiver _receiver = ScriptedReceiver.Start(ReceiverAnswer.Ok);
    private readonly DateTime _now = DateTime.UtcNow;
    private AuthServiceProgram? _auth;

    private AuthServiceProgram Auth => _auth!;

    private string Data => _folder["data"];

    public async ValueTask InitializeAsync()
    {
        // carol fails once too often; bob and the two who share nothing but the minute do not; dave did, but that lock would be over.
        string[] log =
        [
            .. new[] { -7300, -7290, -7280, -7270 }.Select(second => Login("dave", second)),
            .. new[] { -50, -40, -30, -20 }.Select(second => Login("carol", second)),
            .. new[] { -49, -39, -29 }.Select(second => Login("bob", second)),
            .. new[] { -48, -38, -28, -18 }.Select(second => Login("erin", second, success: second != -28)),
        ];
        await AuthServiceProgram.ImportAsync(Data, _folder.Write("events.log", string.Join('\n', log) + "\n"));
        _auth = await AuthServiceProgram.StartAsync(Data);
    }

    public async ValueTask DisposeAsync()
    {
        if (_auth is not null)
            await _auth.DisposeAsync();
        await _receiver.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task Who_fails_too_often_is_locked_from_his_last_failure_on()
    {
        Differences.AssertHas("lock-by-user");
        Differences.AssertHas("lock-time");
        await WriteSettingsAsync("teleport-event-handler,teleport-event-handler-locks", "");
        await using (var handler = StartHandler("--exit-on-last-event"))
        {
            var end = await handler.EndAsync();
            Assert.True(end.Exit == 0, end.Errors);
            Assert.Contains("User login is locked", end.Messages);
        }
        AssertEachDeliveredOnce();

        var editor = await Auth.IdentityAsync("admin", "editor");
        var made = Assert.Single((await Auth.CallAsync(editor, "locks")).Lines());
        Assert.Equal("event-handler-auto-lock-carol-", (string?)made["metadata"]!["name"]);
        var spec = made["spec"]!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"user":"carol"}"""), spec["target"]), spec.ToJsonString());
        Assert.Equal("User is locked due to too many failed login attempts", (string?)spec["message"]);
        Assert.Equal("teleport-event-handler", (string?)spec["created_by"]);
        Assert.Equal(Time(-20).AddHours(2), DateTimeOffset.Parse((string)spec["expires"]!, CultureInfo.InvariantCulture).UtcDateTime);

        var refused = await Auth.CallAsync(await Auth.IdentityAsync("carol", "auditor"), "events", "--from", "-1h", "--to", "1h");
        Assert.Contains("access denied: lock targeting User:\"carol\" is in force: User is locked due to too many failed login attempts", refused.Errors, StringComparison.Ordinal);
        (await Auth.CallAsync(await Auth.IdentityAsync("bob", "auditor"), "ping")).Lines();
    }

    [Fact]
    public async Task Without_the_right_to_lock_every_event_is_delivered_once_and_the_failure_shows()
    {
        Differences.AssertHas("lock-trouble");
        await WriteSettingsAsync("teleport-event-handler", "batch-size = 500");
        await using (var handler = StartHandler("--diag-addr", "127.0.0.1:0"))
        {
            await handler.WhenSaysAsync("User login could not be locked");
            using var http = new HttpClient();
            var port = DiagnosticsPort().Match(handler.Errors).Groups["port"].Value;
            var metrics = await http.GetStringAsync(new Uri($"http://127.0.0.1:{port}/metrics"), TestContext.Current.CancellationToken);
            Assert.Contains("""gatehouse_event_handler_locks_total{result="failed"} 1""", metrics, StringComparison.Ordinal);
            handler.Signal(RunningProgram.Term);
            var end = await handler.EndAsync();
            Assert.True(end.Exit == 0, end.Errors);
            var told = Assert.Single(end.Log, line => line.Message == "User login could not be locked");
            Assert.Equal(
                ("carol", "access denied to perform action \"create\" on \"lock\", access denied to perform action \"update\" on \"lock\""),
                (told.Fields["user"], told.Fields["error"]));
        }
        AssertEachDeliveredOnce();

        await using (var again = StartHandler("--exit-on-last-event"))
        {
            var end = await again.EndAsync();
            Assert.True(end.Exit == 0, end.Errors);
        }
        AssertEachDeliveredOnce();
        Assert.Empty((await Auth.CallAsync(await Auth.IdentityAsync("admin", "editor"), "locks")).Lines());
    }

    private async Task WriteSettingsAsync(string roles, string fluentd)
    {
        var identity = (await Auth.IdentityAsync("teleport-event-handler", roles))[1];
        _folder.Write("handler.toml", $"""
            storage = "./storage"
            start-time = {Time(-86400):yyyy-MM-dd'T'HH:mm:ss'Z'}
            lock-enabled = true
            lock-failed-attempts-count = 3
            lock-period = "1m"
            lock-for = "2h"

            [forward.fluentd]
            url = "{_receiver.Url("/test.log")}"
            session-url = "{_receiver.Url("/session")}"
            {fluentd}

            [teleport]
            addr = "{Auth.Address}"
            identity = "{identity}"
            """);
    }

    private RunningProgram StartHandler(params string[] arguments) =>
        RunningProgram.Start(Binaries.EventHandler, _folder.Path, null, null, ["start", "--config", "handler.toml", .. arguments]);

    private void AssertEachDeliveredOnce()
    {
        var delivered = _receiver.Requests.SelectMany(MtlsReceiver.Events).ToList();
        Assert.Equal(15, delivered.Count(e => (string?)e["event"] == "user.login"));
        Assert.Equal(delivered.Count, delivered.Select(e => (string)e["uid"]!).Distinct().Count());
    }

    private DateTime Time(int second) => new DateTime(_now.Ticks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, DateTimeKind.Utc).AddSeconds(second);

    /// <summary>As a local login is logged: a user, and no login.</summary>
    private string Login(string user, int second, bool success = false) => $$"""
        {"ei":0,"event":"user.login","uid":"{{Guid.NewGuid()}}","code":"{{(success ? "T1000I" : "T1000W")}}","time":"{{Time(second):yyyy-MM-dd'T'HH:mm:ss.fff'Z'}}","cluster_name":"example.test","user":"{{user}}","success":{{(success ? "true" : "false")}},"method":"local"}
        """;

    [GeneratedRegex("Diagnostics are served.*port=(?<port>[0-9]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex DiagnosticsPort();
}
