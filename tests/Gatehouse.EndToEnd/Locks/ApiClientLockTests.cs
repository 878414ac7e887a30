using System.Globalization;
using System.Text.Json.Nodes;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Locks;

/// <summary>Locks by Teleport's own Go client library against <c>gatehouse start</c>; what is refused is said in the real one's words.</summary>
public sealed class ApiClientLockTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private AuthServiceProgram? _auth;

    private AuthServiceProgram Auth => _auth!;

    public async ValueTask InitializeAsync() => _auth = await AuthServiceProgram.StartAsync(_folder["data"]);

    public async ValueTask DisposeAsync()
    {
        if (_auth is not null)
            await _auth.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_lock_is_made_made_again_listed_and_removed(bool keyPair)
    {
        var editor = await CredentialAsync(keyPair, "carol", "editor");
        await Auth.CallAsync(editor, "lock", "--user", "mallory", "--name", "l1", "--message", "first");
        var made = Assert.Single((await Auth.CallAsync(editor, "lock", "--user", "mallory", "--login", "root", "--message", "too many", "--ttl", "1h", "--name", "l1")).Lines());
        (await Auth.CallAsync(editor, "lock", "--user", "trent", "--name", "l2")).Lines();

        var listed = (await Auth.CallAsync(editor, "locks")).Lines();
        Assert.Equal(["l1", "l2"], listed.Select(line => (string)line["metadata"]!["name"]!));
        Assert.All(listed, line => Assert.Equal(("lock", "v2", "carol"), ((string?)line["kind"], (string?)line["version"], (string?)line["spec"]!["created_by"])));
        var spec = listed[0]["spec"]!;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"user":"mallory","login":"root"}"""), spec["target"]), spec.ToJsonString());
        Assert.Equal("too many", (string?)spec["message"]);
        Assert.Equal(TimeOf(made["expires"]), TimeOf(spec["expires"]));
        Assert.Null(listed[1]["spec"]!["expires"]);

        foreach (var name in new[] { "l1", "l2" })
            Assert.Equal(name, (string?)Assert.Single((await Auth.CallAsync(editor, "unlock", "--name", name)).Lines())["deleted"]);
        Assert.Empty((await Auth.CallAsync(editor, "locks")).Lines());
        await RefusedAsync(editor, "not found: lock \"l1\" is not found", "unlock", "--name", "l1");
        await RefusedAsync(editor, "bad parameter: missing lock name", "unlock", "--name", "");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_may_not_is_told_so(bool keyPair)
    {
        var handler = await CredentialAsync(keyPair, "teleport-event-handler", "teleport-event-handler");
        await RefusedAsync(handler, "access denied: access denied to perform action \"create\" on \"lock\", access denied to perform action \"update\" on \"lock\"", "lock", "--user", "mallory");
        await RefusedAsync(handler, "access denied: access denied to perform action \"list\" on \"lock\", access denied to perform action \"read\" on \"lock\"", "locks");
        // Rights come before existence: who may not see locks does not learn which there are.
        await RefusedAsync(handler, "access denied: access denied to perform action \"delete\" on \"lock\"", "unlock", "--name", "nope");
    }

    [Fact]
    public async Task The_handlers_role_for_locks_may_make_them_and_no_more()
    {
        var handler = await Auth.IdentityAsync("teleport-event-handler", "teleport-event-handler,teleport-event-handler-locks");
        (await Auth.CallAsync(handler, "lock", "--user", "mallory", "--name", "l")).Lines();
        await RefusedAsync(handler, "access denied: access denied to perform action \"delete\" on \"lock\"", "unlock", "--name", "l");
    }

    private Task<string[]> CredentialAsync(bool keyPair, string user, string roles) => keyPair ? Auth.KeyPairAsync(user, roles) : Auth.IdentityAsync(user, roles);

    private async Task RefusedAsync(string[] credential, string words, params string[] arguments)
    {
        var end = await Auth.CallAsync(credential, arguments);
        Assert.Equal((1, "", $"error: {words}\n"), (end.Exit, end.Output, end.Errors));
    }

    private static DateTimeOffset TimeOf(JsonNode? text) => DateTimeOffset.Parse((string)text!, CultureInfo.InvariantCulture);
}
