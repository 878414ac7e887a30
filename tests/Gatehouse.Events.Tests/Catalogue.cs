using System.Text.Json;
using System.Text.Json.Nodes;
using Gatehouse.Testing;

namespace Gatehouse.Events.Tests;

/// <summary>catalog/events/types.json: which fields and codes an event type has.</summary>
internal sealed class Catalogue
{
    private readonly JsonObject _groups;
    private readonly JsonObject _types;

    public Catalogue()
    {
        var root = JsonNode.Parse(File.ReadAllText(Repository.PathOf("catalog", "events", "types.json")))!;
        _groups = root["groups"]!.AsObject();
        _types = root["types"]!.AsObject();
    }

    /// <summary>What an event has that its type has not; empty when it fits.</summary>
    public IEnumerable<string> Misfits(JsonObject document)
    {
        var name = (string)document["event"]!;
        if (_types[name] is not JsonObject type)
            return [$"{name}: unknown type"];
        var fields = type["fields"]!.AsObject().ToDictionary(field => field.Key, field => (string)field.Value!);
        foreach (var group in type["of"]!.AsArray())
        {
            foreach (var (field, kind) in _groups[(string)group!]!.AsObject())
                fields.TryAdd(field, (string)kind!);
        }
        var misfits = document.Where(field => !fields.TryGetValue(field.Key, out var kind) || !Fits(field.Value, kind.TrimEnd('!')))
            .Select(field => $"{name}: {field.Key} = {field.Value?.ToJsonString()}");
        var code = (string?)document["code"];
        return code is null || type["codes"]!.AsArray().Any(known => (string)known! == code) ? misfits : misfits.Append($"{name}: code {code}");
    }

    private static bool Fits(JsonNode? value, string kind) => (kind, value?.GetValueKind()) switch
    {
        ("strings" or "objects" or "base64", null) => true,
        ("number", JsonValueKind.Number) => true,
        ("string" or "base64", JsonValueKind.String) => true,
        ("time", JsonValueKind.String) => EventTime.TryParse(System.Text.Encoding.UTF8.GetBytes((string)value!), out _),
        ("bool", JsonValueKind.True or JsonValueKind.False) => true,
        ("object", JsonValueKind.Object) => true,
        ("strings", JsonValueKind.Array) => value!.AsArray().All(item => item!.GetValueKind() == JsonValueKind.String),
        ("objects", JsonValueKind.Array) => value!.AsArray().All(item => item!.GetValueKind() == JsonValueKind.Object),
        ("traits", JsonValueKind.Object) => value!.AsObject().All(trait => trait.Value is null || Fits(trait.Value, "strings")),
        _ => false,
    };
}
