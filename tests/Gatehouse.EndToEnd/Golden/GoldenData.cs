using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>The cluster behind the captures, and what the real handler made of it.</summary>
internal static class GoldenData
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithRecursionLimit(100));

    public static string PathOf(params string[] parts) => Repository.PathOf(["tests", "data", "handler-golden", .. parts]);

    /// <summary>The bodies that the real handler posted to its audit URL, in its order.</summary>
    public static IReadOnlyList<GoldenRequest> AuditRequests { get; } = Requests("requests-audit.jsonl");

    public static IReadOnlyList<GoldenRequest> SessionRequests { get; } = Requests("requests-session.jsonl");

    /// <summary>
    /// The server's log as the server sends it. Three lines the server itself changes on the way (numbers that no double holds, a type it
    /// does not know, a missing session id); for those, what it sent.
    /// </summary>
    public static IReadOnlyList<EventUnstructured> Events { get; } = ReadEvents();

    /// <summary>The recordings by session id.</summary>
    public static IReadOnlyDictionary<string, List<EventUnstructured>> Recordings { get; } = SessionRequests
        .GroupBy(request => request.Target["/session.".Length..^".log".Length])
        .ToDictionary(session => session.Key, session => session.Select(request => Event(request.Body)).OrderBy(e => e.Index).ToList());

    public static EventUnstructured Event(string json)
    {
        var fields = Parser.Parse<Struct>(json);
        var index = fields.Fields.TryGetValue("ei", out var ei) ? (long)ei.NumberValue : 0;
        return new EventUnstructured
        {
            Type = Text(fields, "event"),
            Id = Text(fields, "uid") is { Length: > 0 } uid ? uid : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(json))),
            Time = Timestamp.FromDateTimeOffset(DateTimeOffset.Parse(Text(fields, "time"), CultureInfo.InvariantCulture)),
            Index = index,
            Unstructured = fields,
        };
    }

    /// <summary>A cluster with the log and the recordings of the captures, searched page by page as theirs was.</summary>
    public static async Task<ScriptedCluster> ClusterAsync(TestCluster identity)
    {
        var cluster = await ScriptedCluster.StartAsync(identity.Server());
        cluster.Log.Add(Events);
        foreach (var (session, events) in Recordings)
            cluster.AddRecording(session, events);
        return cluster;
    }

    private static string Text(Struct fields, string name) => fields.Fields.TryGetValue(name, out var value) ? value.StringValue : "";

    private static List<EventUnstructured> ReadEvents()
    {
        var sent = AuditRequests.Select(request => request.Body).DistinctBy(Uid).ToDictionary(body => Uid(body) ?? body);
        return [.. File.ReadLines(PathOf("server-audit-log.jsonl")).Select(line =>
        {
            var changed = Uid(line) is { } uid && (uid.StartsWith("11111111-", StringComparison.Ordinal) || uid.StartsWith("22222222-", StringComparison.Ordinal));
            return Event(changed ? sent[Uid(line)!] : line);
        })];
    }

    private static string? Uid(string json) => (string?)JsonNode.Parse(json)!["uid"];

    private static List<GoldenRequest> Requests(string file) =>
        [.. File.ReadLines(PathOf(file)).Select(line => JsonSerializer.Deserialize<GoldenRequest>(line, JsonSerializerOptions.Web)!)];
}

/// <summary>One request of the real handler.</summary>
internal sealed record GoldenRequest(string Method, string Target, string Version, string[][] Headers, string Body);
