using System.Text.Json.Nodes;
using Gatehouse.Api.Grpc;
using Gatehouse.EndToEnd.Running;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>Runs of the captures about paging, filters, permissions and URLs.</summary>
public sealed class OtherTranscriptTests : IAsyncLifetime
{
    private GoldenDesk _desk = null!;

    public async ValueTask InitializeAsync() => _desk = await GoldenDesk.SetUpAsync();

    public async ValueTask DisposeAsync() => await _desk.DisposeAsync();

    [Fact]
    public async Task A_page_full_of_skipped_types_is_passed_over()
    {
        Differences.AssertHas("page-of-skipped-types");
        var golden = Transcript.Of("paging-filters-locks", "skip-full-page-exit");
        // The capture's log had a page full of failed logins; a page of two is as full.
        var end = await _desk.RunAsync(golden, "--batch=2");
        Assert.Equal(golden.Exit, end.Exit);
        Words.AssertSaid(golden, end);
        var posted = _desk.Receiver.Requests.Where(request => request.Target == "/test.log").ToList();
        Assert.Equal(GoldenData.Events.Count(e => e.Type != "user.login"), posted.Count);
    }

    [Fact]
    public async Task Odd_values_are_written_exactly_as_upstream_writes_them()
    {
        var golden = Transcript.Of("paging-filters-locks", "special");
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Contains("Event sent", end.Messages);
        var expected = GoldenData.AuditRequests.Single(request => request.Body.Contains("\"e21\"", StringComparison.Ordinal)).Body;
        Assert.Contains(_desk.Receiver.Requests, request => request.Text == expected);
    }

    [Fact]
    public async Task Other_types_after_a_restart_keep_the_place()
    {
        Differences.AssertHas("types-changed");
        foreach (var name in (string[])["page-kill-2", "page-batch-change", "page-types-change"])
        {
            var golden = Transcript.Of("paging-filters-locks", name);
            Assert.Equal(golden.Exit, (await _desk.RunAsync(golden)).Exit);
        }
        var posted = _desk.Receiver.Requests.Select(request => request.Text).ToList();
        Assert.Equal(24, posted.Distinct().Count(text => text.Contains("\"role.created\"", StringComparison.Ordinal)));
        Assert.Equal(posted.Count, posted.Distinct().Count());
    }

    [Fact]
    public async Task Denied_access_to_events_ends_it_with_upstreams_words()
    {
        _desk.Cluster.Refuse = call => call.Method == "GetUnstructuredEvents" ? new GrpcException(GrpcStatus.PermissionDenied, "access denied to perform action \"list\" on \"event\"") : null;
        _desk.Write("identity-noperm", File.ReadAllText(_desk.At("identity")));
        var golden = Transcript.Of("sessions-permissions", "noperm");
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Contains("Terminating with fatal error...", end.Errors, StringComparison.Ordinal);
        Assert.Contains(golden.Log[^1].Fields["error"], string.Join(' ', end.Log[^1].Fields.Values) + end.Log[^1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Denied_access_to_recordings_does_not_stop_the_audit_log()
    {
        _desk.Cluster.Refuse = call => call.Method == "StreamUnstructuredSessionEvents" ? new GrpcException(GrpcStatus.PermissionDenied, "access denied to perform action \"read\" on \"session\"") : null;
        _desk.Write("identity-evonly", File.ReadAllText(_desk.At("identity")));
        var golden = Transcript.Of("sessions-permissions", "evonly-session");
        await using var program = _desk.Start(golden);
        await program.WhenSaysAsync("access denied to perform action");
        await _desk.Receiver.WhenRequestsAsync(5);
        program.Signal(RunningProgram.Term);
        Assert.Equal(golden.Exit, (await program.EndAsync()).Exit);
        Assert.All(_desk.Receiver.Requests, request => Assert.Equal("/test.log", request.Target));
    }

    [Fact]
    public async Task All_sessions_are_waited_for_at_the_last_event()
    {
        Differences.AssertHas("last-event-waits-for-sessions");
        var golden = Transcript.Of("sessions-permissions", "exit-with-sessions");
        var end = await _desk.RunAsync(golden, "--concurrency=1");
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Equal(
            GoldenData.Recordings.Keys.Select(sid => $"/session.{sid}.log").Order(),
            _desk.Receiver.Requests.Select(request => request.Target).Where(target => target != "/test.log").Distinct().Order());
    }

    [Theory]
    [InlineData("bad-scheme")]
    [InlineData("no-scheme")]
    [InlineData("bad-url")]
    [InlineData("empty-url")]
    public async Task A_url_that_is_none_is_refused_before_anything_is_touched(string name)
    {
        Differences.AssertHas("urls-checked");
        var golden = Transcript.Of("urls-tls", name);
        var end = await _desk.RunAsync(golden);
        Assert.Equal((golden.Exit, 1), (end.Exit, end.Exit));
        Assert.Contains("teleport-event-handler: error: ", end.Errors, StringComparison.Ordinal);
        Assert.Contains("fluentd-url", end.Errors, StringComparison.Ordinal);
        Assert.Equal([_desk.Config], Directory.GetFileSystemEntries(_desk.Dir));
    }

    [Fact]
    public async Task A_session_url_with_a_query_gets_the_suffix_at_its_end()
    {
        var golden = Transcript.Of("urls-tls", "splunk-style");
        var end = await _desk.RunAsync(golden, "--exit-on-last-event");
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Contains(_desk.Receiver.Requests, request => request.Target == "/services/collector/raw?token=T&noop=x");
        Assert.Contains(_desk.Receiver.Requests, request => request.Target == "/services/collector/raw?token=T&noop=.13f8c65a-04e9-4938-8609-7b16053fc9cc.log");
        Differences.AssertHas("passwords-hidden");
        Assert.DoesNotContain("token=T", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_in_the_environment_is_not_used_for_the_receiver()
    {
        var golden = Transcript.Of("urls-tls", "proxy-env");
        // The cluster is on the loopback, which is never reached by a proxy; the receiver's name is not.
        await using var program = _desk.Start(golden, "--exit-on-last-event");
        Assert.Equal(golden.Exit, (await program.EndAsync()).Exit);
        Assert.Contains(_desk.Receiver.Requests, request => request.Target == "/t");
    }

    [Fact]
    public async Task User_and_password_of_the_url_are_sent_and_not_shown()
    {
        Differences.AssertHas("passwords-hidden");
        var golden = Transcript.Of("urls-tls", "basic-auth");
        var end = await _desk.RunAsync([.. _desk.StartFlags("st"), "--start-time=2021-01-01T00:00:00Z", "--exit-on-last-event", "--types=session.upload",
            .. golden.Command.Where(word => word.StartsWith("--fluentd-url", StringComparison.Ordinal) || word.StartsWith("--fluentd-session-url", StringComparison.Ordinal))
                .Select(word => word.Replace("localhost:9800", $"localhost:{_desk.Receiver.Port}", StringComparison.Ordinal))]);
        Assert.Equal(golden.Exit, end.Exit);
        Assert.All(_desk.Receiver.Requests, request => Assert.Equal("Basic dXNlcjpwYSBzcw==", request.Header("Authorization")));
        Assert.DoesNotContain("pa%20ss", end.Errors, StringComparison.Ordinal);
        Assert.NotNull(JsonNode.Parse(_desk.Receiver.Requests[0].Text));
    }
}
