using System.Text.Json.Nodes;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>One object a POST: the requests that the real handler made of the same log.</summary>
public sealed class RequestTests : IAsyncLifetime
{
    private GoldenDesk _desk = null!;

    public async ValueTask InitializeAsync() => _desk = await GoldenDesk.SetUpAsync();

    public async ValueTask DisposeAsync() => await _desk.DisposeAsync();

    [Fact]
    public async Task Audit_events_are_posted_as_upstream_posts_them()
    {
        var end = await _desk.RunAsync([.. _desk.StartFlags("st"), "--start-time=2021-01-01T00:00:00Z", "--exit-on-last-event", "--fluentd-max-connections=1", "--skip-session-types=session.start"]);

        Assert.Equal(0, end.Exit);
        var posted = _desk.Receiver.Requests.Where(request => request.Target == "/test.log").ToList();
        AssertSame(GoldenData.AuditRequests.DistinctBy(request => request.Body), posted);
        // One connection in flight: the order is the server's.
        var expected = GoldenData.Events.OrderBy(e => e.Time).Select(e => JsonNode.Parse(e.Unstructured.ToString())).ToList();
        Assert.All(expected.Zip(posted), pair => Assert.True(JsonNode.DeepEquals(pair.First, JsonNode.Parse(pair.Second.Text)), pair.Second.Text));
    }

    [Fact]
    public async Task Recordings_are_posted_as_upstream_posts_them()
    {
        var end = await _desk.RunAsync([.. _desk.StartFlags("st"), "--start-time=2021-01-01T00:00:00Z", "--exit-on-last-event", "--types=session.upload", "--skip-session-types="]);

        Assert.Equal(0, end.Exit);
        var posted = _desk.Receiver.Requests.Where(request => request.Target.StartsWith("/session.", StringComparison.Ordinal)).ToList();
        AssertSame(GoldenData.SessionRequests, posted);
        foreach (var session in posted.GroupBy(request => request.Target))
        {
            var indexes = session.Select(request => (long)JsonNode.Parse(request.Text)!["ei"]!).ToList();
            Assert.Equal(indexes.Order(), indexes);
        }
    }

    private static void AssertSame(IEnumerable<GoldenRequest> expected, IEnumerable<ReceivedRequest> actual) =>
        Assert.Equal(expected.Select(Describe).Order(StringComparer.Ordinal), actual.Select(Describe).Order(StringComparer.Ordinal));

    private static string Describe(GoldenRequest request) =>
        Describe(request.Method, request.Target, request.Version, request.Headers.Select(header => (header[0], header[1])), request.Body);

    private static string Describe(ReceivedRequest request)
    {
        Assert.Equal(request.Body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture), request.Header("Content-Length"));
        return Describe(request.Method, request.Target, request.Version, request.Headers.Select(header => (header.Key, header.Value)), request.Text);
    }

    /// <summary>Headers in wire order; those that name this machine, this program or the length of one spelling by name only.</summary>
    private static string Describe(string method, string target, string version, IEnumerable<(string Name, string Value)> headers, string body) =>
        $"{Canonical(JsonNode.Parse(body)!)}\n{method} {target} {version}\n"
        + string.Join('\n', headers.Select(header => header.Name is "Host" or "User-Agent" or "Content-Length" ? header.Name : $"{header.Name}: {header.Value}"));

    private static string Canonical(JsonNode node) => node switch
    {
        JsonObject fields => "{" + string.Join(',', fields.OrderBy(field => field.Key, StringComparer.Ordinal).Select(field => $"{field.Key}:{(field.Value is null ? "null" : Canonical(field.Value))}")) + "}",
        JsonArray items => "[" + string.Join(',', items.Select(item => item is null ? "null" : Canonical(item))) + "]",
        var value when value.GetValueKind() == System.Text.Json.JsonValueKind.Number => value.GetValue<double>().ToString("R", System.Globalization.CultureInfo.InvariantCulture),
        var value => value.ToJsonString(),
    };
}
