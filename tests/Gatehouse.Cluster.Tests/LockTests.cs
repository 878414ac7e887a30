using System.Text.Json.Nodes;
using Xunit;
using Gatehouse.Testing;

namespace Gatehouse.Cluster.Tests;

public sealed class LockTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await RunningCluster.StartAsync(_folder["data"]);

    public async ValueTask DisposeAsync()
    {
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_lock_is_made_listed_kept_over_a_restart_and_removed_and_both_are_logged()
    {
        var editor = Programs.KeyPair(await _cluster.KeyPairAsync("carol", "editor"));
        (await Programs.ApiClientAsync(_cluster, "lock", editor, "--user", "mallory", "--login", "root", "--message", "too many", "--ttl", "1h", "--name", "auto-1")).LinesOf("lock");
        await _cluster.DisposeAsync();
        _cluster = await RunningCluster.StartAsync(_folder["data"]);
        var listed = Assert.Single((await Programs.ApiClientAsync(_cluster, "locks", editor)).LinesOf("locks"));
        Assert.Equal("auto-1", (string?)listed["metadata"]!["name"]);
        (await Programs.ApiClientAsync(_cluster, "unlock", editor, "--name", "auto-1")).LinesOf("unlock");
        Assert.Empty((await Programs.ApiClientAsync(_cluster, "locks", editor)).LinesOf("locks"));
        var gone = await Programs.ApiClientAsync(_cluster, "unlock", editor, "--name", "auto-1");
        Assert.Contains("error: not found: lock \"auto-1\" is not found", gone.Error, StringComparison.Ordinal);
        var logged = (await Programs.ApiClientAsync(_cluster, "events", editor, "--from", "-1h", "--to", "1h", "--types", "lock.created,lock.deleted")).LinesOf("events");
        Assert.Equal(["TLK00I", "TLK01I"], logged.Select(line => (string)line["event"]!["code"]!));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"user":"mallory","login":"root"}"""), logged[0]["event"]!["target"]));
    }

    [Fact]
    public async Task The_handler_may_lock_with_the_role_for_it_and_is_told_so_without()
    {
        var plain = Programs.KeyPair(await _cluster.KeyPairAsync("teleport-event-handler"));
        var refused = await Programs.ApiClientAsync(_cluster, "lock", plain, "--user", "mallory", "--name", "l");
        Assert.Contains("error: access denied: access denied to perform action \"create\" on \"lock\", access denied to perform action \"update\" on \"lock\"", refused.Error, StringComparison.Ordinal);
        var able = Programs.KeyPair(await _cluster.KeyPairAsync("teleport-event-handler", "teleport-event-handler", "teleport-event-handler-locks"));
        (await Programs.ApiClientAsync(_cluster, "lock", able, "--user", "mallory", "--name", "l")).LinesOf("lock");
        var unlock = await Programs.ApiClientAsync(_cluster, "unlock", able, "--name", "l");
        Assert.Contains("access denied to perform action \"delete\" on \"lock\"", unlock.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_lock_in_force_refuses_every_call_of_its_user_until_it_is_removed()
    {
        var editor = Programs.KeyPair(await _cluster.KeyPairAsync("carol", "editor"));
        var victim = Programs.KeyPair(await _cluster.KeyPairAsync("mallory", "auditor"));
        (await Programs.ApiClientAsync(_cluster, "ping", victim)).LinesOf("ping");
        (await Programs.ApiClientAsync(_cluster, "lock", editor, "--user", "mallory", "--message", "left the company", "--name", "l")).LinesOf("lock");
        var refused = await Programs.ApiClientAsync(_cluster, "events", victim, "--from", "-1h", "--to", "1h");
        Assert.Contains("error: access denied: lock targeting User:\"mallory\" is in force: left the company", refused.Error, StringComparison.Ordinal);
        (await Programs.ApiClientAsync(_cluster, "unlock", editor, "--name", "l")).LinesOf("unlock");
        (await Programs.ApiClientAsync(_cluster, "ping", victim)).LinesOf("ping");
    }

    [Fact]
    public async Task A_right_that_is_taken_from_a_role_is_gone_at_the_next_call()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var roles = Path.Combine(_cluster.DataDir, "roles.json");
        await File.WriteAllTextAsync(roles, """[{"name":"reader","rules":[{"resources":["event"],"verbs":["list"]}]}]""", cancellation);
        var reader = Programs.KeyPair(await _cluster.KeyPairAsync("rita", "reader"));
        (await Programs.ApiClientAsync(_cluster, "events", reader, "--from", "-1h", "--to", "1h")).LinesOf("events");
        await File.WriteAllTextAsync(roles, """[{"name":"reader","rules":[]}]""", cancellation);
        var refused = await Programs.ApiClientAsync(_cluster, "events", reader, "--from", "-1h", "--to", "1h");
        Assert.Contains("error: access denied: access denied to perform action \"list\" on \"event\"", refused.Error, StringComparison.Ordinal);
        // A slip of the editor neither gives it back nor stops the service.
        await File.WriteAllTextAsync(roles, "[{", cancellation);
        var still = await Programs.ApiClientAsync(_cluster, "events", reader, "--from", "-1h", "--to", "1h");
        Assert.Contains("access denied to perform action \"list\" on \"event\"", still.Error, StringComparison.Ordinal);
    }
}
