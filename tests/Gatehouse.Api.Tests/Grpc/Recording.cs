using System.Text.Json;
using Gatehouse.Testing;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>One file of <c>tests/data/teleport-recordings</c> (its README describes the form); pseudo headers are left out.</summary>
internal sealed record Recording(string Scenario, IReadOnlyList<RecordedCall> Calls)
{
    private static readonly string Folder = Repository.PathOf("tests", "data", "teleport-recordings");

    public static IEnumerable<Recording> All => Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal).Select(file => Read(Path.GetFileNameWithoutExtension(file)));

    public static Recording Read(string scenario)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, scenario + ".json")));
        return new Recording(scenario, [.. document.RootElement.GetProperty("calls").EnumerateArray().Select(RecordedCall.Of)]);
    }
}

internal sealed record RecordedCall(
    string Label,
    string Method,
    int Status,
    string? Message,
    byte[] Request,
    IReadOnlyList<(string Name, string Value)> RequestHeaders,
    IReadOnlyList<(string Name, string Value)> Headers,
    IReadOnlyList<byte[]> Answers,
    IReadOnlyList<(string Name, string Value)> Trailers,
    bool TrailersOnly)
{
    public static RecordedCall Of(JsonElement call) => new(
        call.GetProperty("label").GetString()!,
        call.GetProperty("method").GetString()!,
        call.GetProperty("grpc_status").GetInt32(),
        call.TryGetProperty("grpc_message", out var message) ? message.GetString() : null,
        Bytes(call, "request_messages_b64").FirstOrDefault() ?? [],
        Pairs(call, "request_headers"),
        Pairs(call, "response_headers"),
        [.. Bytes(call, "response_messages_b64")],
        Pairs(call, "response_trailers"),
        call.TryGetProperty("trailers_only", out var only) && only.GetBoolean());

    private static IEnumerable<byte[]> Bytes(JsonElement call, string name) => call.GetProperty(name).EnumerateArray().Select(text => text.GetBytesFromBase64());

    private static List<(string Name, string Value)> Pairs(JsonElement call, string name) =>
    [
        .. call.GetProperty(name).EnumerateArray().Select(pair => (pair[0].GetString()!, pair[1].GetString()!)).Where(pair => pair.Item1[0] != ':'),
    ];
}
