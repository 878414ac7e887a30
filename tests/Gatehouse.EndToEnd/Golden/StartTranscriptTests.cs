using Gatehouse.EndToEnd.Running;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>Starts of the real handler, with the same flags: the same words and exit status, or a line in docs/differences.md.</summary>
public sealed class StartTranscriptTests : IAsyncLifetime
{
    private GoldenDesk _desk = null!;

    public async ValueTask InitializeAsync() => _desk = await GoldenDesk.SetUpAsync();

    public async ValueTask DisposeAsync() => await _desk.DisposeAsync();

    [Theory]
    [InlineData("triple-direct")]
    [InlineData("batch-neg")]
    [InlineData("types-none-match")]
    [InlineData("concurrency-neg")]
    public async Task A_good_start_says_upstreams_lines_and_ends_alike(string name)
    {
        var golden = Transcript.Of("start-errors", name);
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Words.AssertSaid(golden, end);
    }

    [Fact]
    public async Task A_dry_run_sends_nothing_and_leaves_nothing()
    {
        var golden = Transcript.Of("start-errors", "dry-run");
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Words.AssertSaid(golden, end);
        Assert.Empty(_desk.Receiver.Requests);
        Differences.AssertHas("dry-run-state");
        Assert.Empty(Directory.GetDirectories(Path.Combine(_desk.StateOf("st34"), "dry_run")));
    }

    [Theory]
    [InlineData("addr-no-port", "address localhost: missing port in address")]
    [InlineData("fluentd-cert-without-key", "both fluentd_cert and fluentd_key should be specified")]
    public async Task A_wrong_setting_has_upstreams_words_and_exit_status_and_touches_nothing(string name, string words)
    {
        Differences.AssertHas("settings-before-start");
        var golden = Transcript.Of("start-errors", name);
        Assert.Equal(words, golden.Log[^1].Fields["error"]);
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Contains($"teleport-event-handler: error: {words}\n", end.Errors, StringComparison.Ordinal);
        Assert.Equal([_desk.Config], Directory.GetFileSystemEntries(_desk.Dir));
    }

    [Theory]
    [InlineData("identity-expired", "No valid credentials found, this likely means credentials are expired. In this case, please sign new credentials and increase their TTL if needed.")]
    public async Task An_expired_identity_has_upstreams_words_and_exit_status(string name, string words)
    {
        var golden = Transcript.Of("start-errors", name);
        Assert.Equal(words, golden.Log[^1].Fields["error"]);
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Contains("Terminating with fatal error...", end.Errors, StringComparison.Ordinal);
        Assert.Contains(words, end.Errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("identity-garbage", "credential-reasons", "ca.crt")]
    [InlineData("triple-swapped", "credential-reasons", "auth.")]
    [InlineData("fluentd-key-encrypted", "receiver-files", "server.key")]
    [InlineData("fluentd-cert-key-mismatch", "receiver-files", "ca.key")]
    [InlineData("storage-under-file", "storage-below-a-file", "/etc/hostname")]
    public async Task A_file_that_cannot_be_used_ends_it_as_upstream_and_is_named(string name, string line, string file)
    {
        Differences.AssertHas(line);
        var golden = Transcript.Of("start-errors", name);
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Contains("Terminating with fatal error...", end.Errors, StringComparison.Ordinal);
        Assert.Contains(file, end.Log[^1].Fields.GetValueOrDefault("reason", "") + end.Errors.Split("Terminating")[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("credentials are expired", end.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_ca_file_without_certificate_ends_the_start()
    {
        Differences.AssertHas("receiver-ca");
        var end = await _desk.RunAsync(Transcript.Of("start-errors", "fluentd-ca-garbage"));
        Assert.Equal(1, end.Exit);
        Assert.Contains("client.key", end.Errors.Split("Terminating with fatal error...")[^1], StringComparison.Ordinal);
        Assert.Empty(_desk.Receiver.Requests);
    }

    [Theory]
    [InlineData("addr-refused-identity", "refused")]
    [InlineData("triple-wrong-ca", "CA")]
    public async Task A_cluster_that_cannot_be_reached_is_said_at_once_and_waited_for(string name, string reason)
    {
        Differences.AssertHas("no-connection");
        await using var program = _desk.Start(Transcript.Of("start-errors", name));
        await program.WhenSaysAsync("Failed to connect to Teleport Auth server. Reconnecting...");
        program.Signal(RunningProgram.Term);
        var end = await program.EndAsync();
        Assert.Equal(0, end.Exit);
        Assert.Contains(reason, end.Messages.First(message => message.StartsWith("Failed to connect", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_time_in_the_future_is_waited_for()
    {
        Differences.AssertHas("start-time-future");
        var golden = Transcript.Of("start-errors", "start-time-future");
        Assert.Equal(1, golden.Exit);
        var end = await _desk.RunAsync(golden);
        Assert.True(end.Exit == 0, end.Errors);
        Assert.Empty(_desk.Receiver.Requests);
    }

    [Fact]
    public async Task A_batch_above_the_servers_limit_is_lowered()
    {
        Differences.AssertHas("page-limit");
        var golden = Transcript.Of("start-errors", "batch-100000");
        Assert.Equal(1, golden.Exit);
        var end = await _desk.RunAsync(golden);
        Assert.Equal(0, end.Exit);
        Assert.Equal(GoldenData.Events.Count, _desk.Receiver.Requests.Count(request => request.Target == "/test.log"));
    }

    [Fact]
    public async Task The_start_time_can_be_said_again_in_any_zone_but_not_changed()
    {
        foreach (var name in (string[])["start-time-first", "start-time-same", "start-time-same-subsecond"])
            Assert.Equal(0, (await _desk.RunAsync(Transcript.Of("start-errors", name))).Exit);
        Differences.AssertHas("start-time-instants");
        var zone = Transcript.Of("start-errors", "start-time-same-other-zone");
        Assert.Equal((1, 0), (zone.Exit, (await _desk.RunAsync(zone)).Exit));

        var golden = Transcript.Of("start-errors", "start-time-other");
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Assert.Contains(_desk.Here(golden.Log[^1].Fields["error"]), end.Errors, StringComparison.Ordinal);
        Assert.Equal(GoldenData.Events.Count, _desk.Receiver.Requests.Count(request => request.Target == "/test.log"));
    }
}
