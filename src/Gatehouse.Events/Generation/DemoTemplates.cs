using System.Text;
using System.Text.Json;

namespace Gatehouse.Events.Generation;

/// <summary>The event templates of the catalogue, compiled once.</summary>
internal sealed class DemoTemplates
{
    private readonly Dictionary<string, EventTemplate> _byName;
    private readonly (EventTemplate Template, int UpTo)[] _alone;

    private DemoTemplates(List<EventTemplate> templates)
    {
        _byName = templates.ToDictionary(template => template.Name);
        var sum = 0;
        _alone = [.. templates.Where(template => template.Weight > 0).Select(template => (template, sum += template.Weight))];
    }

    public static DemoTemplates Shared { get; } = Load();

    public EventTemplate this[string name] => _byName[name];

    /// <summary>One of the events that come by themselves, by weight.</summary>
    public EventTemplate PickAlone(ref Randomness random)
    {
        var point = random.Below(_alone[^1].UpTo);
        var low = 0;
        for (var high = _alone.Length - 1; low < high;)
        {
            var middle = (low + high) / 2;
            if (_alone[middle].UpTo > point)
                high = middle;
            else
                low = middle + 1;
        }
        return _alone[low].Template;
    }

    private static DemoTemplates Load()
    {
        using var values = JsonDocument.Parse(Resource("demo-values.json"));
        var lists = values.RootElement.EnumerateObject().ToDictionary(
            list => list.Name,
            list => list.Value.EnumerateArray().Select(choice => Encoding.UTF8.GetBytes(Inside(choice))).ToArray());
        var templates = new List<EventTemplate>();
        foreach (var line in Resource("demo.ndjson").Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var weight = root.TryGetProperty("weight", out var number) ? number.GetInt32() : 0;
            templates.Add(new EventTemplate(root.GetProperty("name").GetString()!, weight, root.GetProperty("event").GetRawText(), lists));
        }
        return new DemoTemplates(templates);
    }

    // A text keeps its escapes: it goes back into a JSON text.
    private static string Inside(JsonElement choice) =>
        choice.ValueKind == JsonValueKind.String ? choice.GetRawText()[1..^1] : choice.GetRawText();

    private static string Resource(string name)
    {
        using var stream = typeof(DemoTemplates).Assembly.GetManifestResourceStream(name)
            ?? throw new InvalidOperationException($"resource {name} is missing from the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
