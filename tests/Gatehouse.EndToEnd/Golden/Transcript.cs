using System.Text.Json;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>One recorded run of the real handler.</summary>
internal sealed record Transcript(string Name, string[] Command, int Exit)
{
    public Dictionary<string, string>? Env { get; init; }

    public string? Stdin { get; init; }

    public string Stdout { get; init; } = "";

    public string Stderr { get; init; } = "";

    public IReadOnlyList<LogLine> Log => LogLine.AllOf(Stderr);

    /// <summary>The text behind <c>error:</c> of a usage error.</summary>
    public string UsageError => Stderr.Split("Teleport event handler: error: ", 2)[1].TrimEnd();

    /// <summary>All of one file below <c>handler-golden/transcripts</c>.</summary>
    public static IReadOnlyList<Transcript> AllOf(string file) =>
        JsonSerializer.Deserialize<List<Transcript>>(File.ReadAllText(GoldenData.PathOf("transcripts", file + ".json")), JsonSerializerOptions.Web)!;

    public static Transcript Of(string file, string name) => AllOf(file).Single(entry => entry.Name == name);
}
