using System.Text.Json.Nodes;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.RealInput;

/// <summary>The log of a real cluster the whole way: imported, served, read, delivered over mTLS; nothing lost, twice or altered.</summary>
public sealed class RealInputTests(RealCluster cluster) : IClassFixture<RealCluster>, IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TlsFolder _tls = new();

    public void Dispose()
    {
        _folder.Dispose();
        _tls.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("batch-size = 500\ncompression = \"gzip\"\n")]
    public async Task Every_event_and_every_recording_arrives_once_and_equal(string settings)
    {
        Assert.StartsWith("1017 events imported, 0 were there already, 0 lines rejected;", cluster.Imported, StringComparison.Ordinal);
        await using var receiver = MtlsReceiver.Start(_tls);
        using (var client = _tls.Issue("client", server: false))
        using (var key = System.Security.Cryptography.X509Certificates.ECDsaCertificateExtensions.GetECDsaPrivateKey(client)!)
        {
            _folder.Write("client.crt", client.ExportCertificatePem());
            _folder.Write("client.key", key.ExportPkcs8PrivateKeyPem());
        }
        _folder.Write("handler.toml", $"""
            storage = "./storage"
            skip-session-types = ""
            start-time = 2026-11-20T00:00:00Z
            exit-on-last-event = true

            [forward.fluentd]
            ca = "{_tls.Ca}"
            cert = "client.crt"
            key = "client.key"
            url = "{receiver.Url}/test.log"
            session-url = "{receiver.Url}/session"
            {settings}
            [teleport]
            addr = "{cluster.Auth.Address}"
            identity = "{cluster.Identity}"
            """);
        await using var handler = RunningProgram.Start(Binaries.EventHandler, _folder.Path, null, null, "start", "--config", "handler.toml");
        var end = await handler.EndAsync();
        Assert.True(end.Exit == 0, end.Errors);

        var delivered = receiver.Requests.Where(request => request.Target == "/test.log").SelectMany(MtlsReceiver.Events).ToList();
        Assert.Equal(delivered.Count, delivered.Select(e => (string)e["uid"]!).Distinct().Count());
        AssertEqual(
            File.ReadLines(RealCluster.EventsFile).Select(line => JsonNode.Parse(line)!),
            delivered.Where(e => ((string)e["time"]!).StartsWith("2026-11-2", StringComparison.Ordinal) && IsOfTheCapture(e)));
        if (settings.Length > 0)
            Assert.All(receiver.Requests, request => Assert.Equal("gzip", request.Header("Content-Encoding")));

        var announced = File.ReadLines(RealCluster.EventsFile).Select(line => JsonNode.Parse(line)!).Where(e => (string)e["event"]! == "session.upload").Select(e => (string)e["sid"]!).ToHashSet();
        var recordings = File.ReadLines(RealCluster.RecordingsFile).Select(line => JsonNode.Parse(line)!).Where(line => announced.Contains((string)line["sid"]!)).ToLookup(line => (string)line["sid"]!, line => line["event"]!);
        Assert.True(recordings.Count > 10, $"{recordings.Count} recordings are announced");
        foreach (var recording in recordings)
            AssertEqual(recording, receiver.Requests.Where(request => request.Target == $"/session.{recording.Key}.log").SelectMany(MtlsReceiver.Events));
        Assert.Equal(
            recordings.Select(recording => $"/session.{recording.Key}.log").Append("/test.log").Order(),
            receiver.Requests.Select(request => request.Target).Distinct().Order());
    }

    /// <summary>The cluster adds events of its own: credentials it signed, recordings that were read.</summary>
    private static bool IsOfTheCapture(JsonNode e) => Uids.Value.Contains((string)e["uid"]!);

    private static readonly Lazy<HashSet<string>> Uids = new(() => [.. File.ReadLines(RealCluster.EventsFile).Select(line => (string)JsonNode.Parse(line)!["uid"]!)]);

    private static void AssertEqual(IEnumerable<JsonNode> expected, IEnumerable<JsonNode> actual)
    {
        var left = actual.GroupBy(Key).ToDictionary(same => same.Key, same => same.ToList());
        foreach (var e in expected)
        {
            Assert.True(left.TryGetValue(Key(e), out var same), $"not delivered: {e.ToJsonString()}");
            var match = same.FindIndex(other => JsonNode.DeepEquals(e, other));
            Assert.True(match >= 0, $"altered: {e.ToJsonString()}\n{string.Join('\n', same.Select(other => other.ToJsonString()))}");
            same.RemoveAt(match);
        }
        Assert.Empty(left.Values.SelectMany(same => same).Select(e => "delivered more than once: " + e.ToJsonString()));
    }

    private static string Key(JsonNode e) => $"{e["uid"]} {e["event"]} {e["ei"]} {e["time"]}";
}
