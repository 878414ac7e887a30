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
        var credential = keyPair
            ? await cluster.Auth.KeyPairAsync("teleport-event-handler", "teleport-event-handler")
            : await cluster.Auth.IdentityAsync("teleport-event-handler", "teleport-event-handler");
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

    private async Task<IReadOnlyList<JsonNode>> CallAsync(string[] credential, params string[] arguments) => (await cluster.Auth.CallAsync(credential, arguments)).Lines();
}
