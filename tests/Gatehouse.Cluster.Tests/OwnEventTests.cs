using System.Text.Json.Nodes;
using Gatehouse.Api.Types;
using Gatehouse.Cluster.Auth;
using Gatehouse.Testing;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>The cluster's own events have the codes, keys and kinds of value that a real server wrote.</summary>
public sealed class OwnEventTests
{
    private static readonly ClusterIdentity Cluster = new() { Name = "example.test", HostId = "h" };
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 0, 0, 0, 120, TimeSpan.Zero);
    private static readonly Caller By = new("carol", "h.example.test", []);

    private static readonly LockV2 AnyLock = new()
    {
        Metadata = new Metadata { Name = "l" },
        Spec = new LockSpecV2 { Expires = Timestamp.FromDateTimeOffset(Now), Target = new LockTarget { User = "mallory", Login = "root", Role = "r" } },
    };

    [Fact]
    public void They_are_shaped_like_real_ones()
    {
        var subject = new CertificateSubject { User = "u", Roles = ["r"], Logins = ["l"], Cluster = "example.test", RouteToCluster = "example.test", Impersonator = "h.example.test" };
        byte[][] events =
        [
            AuthEvents.CertificateCreated(Cluster, subject, Now, Now),
            AuthEvents.UserSaved(Cluster, new User("u", ["r"]), created: true, Now),
            AuthEvents.UserSaved(Cluster, new User("u", ["r"]), created: false, Now),
            AuthEvents.LoginRefused(Cluster, "u", "127.0.0.1:3025", "127.0.0.1:1", "why", Now),
            AuthEvents.LockCreated(Cluster, AnyLock, By, Now),
            AuthEvents.LockDeleted(Cluster, "l", By, Now),
            AuthEvents.RecordingRead(Cluster, "s", By, Now),
        ];
        var catalogue = JsonNode.Parse(File.ReadAllText(Repository.PathOf("tests", "data", "real-events", "catalogue.json")))!;
        foreach (var line in events)
        {
            var document = JsonNode.Parse(line)!.AsObject();
            var known = catalogue[(string)document["event"]!]!;
            Assert.Contains((string?)document["code"], known["codes"]!.AsArray().Select(code => (string?)code));
            Assert.Equal("2026-11-21T00:00:00.12Z", (string?)document["time"]);
            var fields = known["fields"]!.AsObject();
            foreach (var key in document.Select(field => field.Key))
                Assert.True(fields.ContainsKey(key), $"{document["event"]}: a real one has no \"{key}\"");
            foreach (var always in known["always"]!.AsArray().Select(key => (string)key!).Where(key => !key.Contains('/', StringComparison.Ordinal)))
                Assert.True(document.ContainsKey(always) || always is "login", $"{document["event"]}: a real one always has \"{always}\"");
        }
    }

    [Fact]
    public async Task Signing_is_logged_before_the_file_is_there()
    {
        using var folder = new TemporaryFolder();
        await RunningCluster.SignAsync(folder["data"], "dora", CredentialFormat.File, "auditor");
        await using var log = Some.Log(folder["data"]);
        var page = Api.AuditLog.V1.EventsUnstructured.Parser.ParseFrom(new AuditLog.EventSearch(log).Page(Some.Search(), TestContext.Current.CancellationToken).Span);
        Assert.Equal(["user.create", "cert.create"], page.Items.Select(item => item.Type));
        Assert.Equal("dora", (string?)Some.Json(page.Items[1])["identity"]!["user"]);
    }

    [Fact]
    public async Task A_running_server_takes_over_what_was_signed_beside_it()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["data"]);
        await RunningCluster.SignAsync(folder["data"], "teleport-event-handler", CredentialFormat.File);
        Assert.Empty(Some.Ids(log, Some.Search()));
        await log.SealAsync(TestContext.Current.CancellationToken);
        Assert.Single(Some.Ids(log, Some.Search()));
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_is_refused()
    {
        using var folder = new TemporaryFolder();
        await using var first = await RunningCluster.StartAsync(folder["data"]);
        var refused = await Assert.ThrowsAsync<ClusterException>(() => RunningCluster.StartAsync(folder["data"]));
        Assert.Contains("in use by another auth service", refused.Message, StringComparison.Ordinal);
    }
}
