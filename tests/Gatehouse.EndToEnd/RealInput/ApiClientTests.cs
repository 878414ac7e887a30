using System.Text.Json.Nodes;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.RealInput;

/// <summary>Teleport's own Go client library in one process, <c>gatehouse start</c> in another.</summary>
public sealed class ApiClientTests(RealCluster cluster) : IClassFixture<RealCluster>
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_content_with_every_call(bool keyPair)
    {
        string[] credential = keyPair
            ? ["--cert", cluster.KeyPair + ".crt", "--key", cluster.KeyPair + ".key", "--ca", cluster.KeyPair + ".cas"]
            : ["--identity", cluster.Identity];
        Assert.Equal("example.test", (string?)(await CallAsync(credential, "ping")).Single()["cluster"]);
        var events = await CallAsync(credential, "events", "--from", "2026-11-20", "--to", "2026-11-23", "--limit", "0", "--page", "250");
        Assert.Equal(1017, events.Count);
        Assert.Equal(events.Select(e => (string)e["id"]!).Reverse(), (await CallAsync(credential, "events", "--from", "2026-11-20", "--to", "2026-11-23", "--limit", "0", "--page", "999", "--order", "desc")).Select(e => (string)e["id"]!));
        var chunks = (await CallAsync(credential, "export", "--date", "2026-11-21")).Select(line => (string)line["chunk"]!).ToList();
        Assert.NotEmpty(chunks);
        Assert.NotEmpty(await CallAsync(credential, "export", "--date", "2026-11-21", "--chunk", chunks[0]));
        var sid = (string)JsonNode.Parse(File.ReadLines(RealCluster.RecordingsFile).First())!["sid"]!;
        Assert.Equal(File.ReadLines(RealCluster.RecordingsFile).Count(line => line.Contains($"\"sid\":\"{sid}\"", StringComparison.Ordinal) || (string)JsonNode.Parse(line)!["sid"]! == sid), (await CallAsync(credential, "session", "--id", sid)).Count);
    }

    [Fact]
    public async Task Who_may_not_is_told_so_in_the_real_ones_words()
    {
        var end = await RunAsync(["--identity", cluster.Reader], "lock", "--user", "mallory");
        Assert.Equal(1, end.Exit);
        Assert.Equal("error: access denied: access denied to perform action \"create\" on \"lock\", access denied to perform action \"update\" on \"lock\"\n", end.Errors);
    }

    private async Task<IReadOnlyList<JsonNode>> CallAsync(string[] credential, params string[] arguments)
    {
        var end = await RunAsync(credential, arguments);
        Assert.True(end.Exit == 0, end.Errors);
        return [.. end.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }

    private async Task<ProgramEnd> RunAsync(string[] credential, params string[] arguments)
    {
        var client = Repository.Shared("peers", "bin", "teleport-api-client");
        Peer.RequireThat(client is not null, "teleport-api-client is not beside this checkout");
        await using var program = RunningProgram.Start(client!, "/", null, null, [arguments[0], "--addr", cluster.Address, "--timeout", "10s", .. credential, .. arguments[1..]]);
        return await program.EndAsync();
    }
}
