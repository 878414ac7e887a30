using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Hosting.Diagnostics;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Diagnostics;

/// <summary>Metric names are an interface: the page, the dashboard and the alert rules speak of what is there, by its name.</summary>
public sealed partial class MetricsReferenceTests
{
    private static readonly string Page = File.ReadAllText(Repository.PathOf("docs", "reference", "metrics.md"));

    private static List<(string Name, string Type)> OnPage { get; } =
        [.. Row().Matches(Page).Select(row => (row.Groups["name"].Value, row.Groups["type"].Value))];

    [Fact]
    public void The_page_lists_what_the_program_registers_and_nothing_else()
    {
        using var collector = new MetricsCollector();
        var owners = typeof(ExportPlan).Assembly.GetTypes().Where(type => type.Name.EndsWith("Metrics", StringComparison.Ordinal) && type.IsClass && !type.IsAbstract);
        var made = owners.Select(Make).ToList();
        var registered = collector.Describe()
            .Where(metric => metric.Name.StartsWith("gatehouse_event_handler_", StringComparison.Ordinal))
            .Select(metric => (metric.Name, metric.Type))
            .ToList();
        made.ForEach(owner => (owner as IDisposable)?.Dispose());

        Assert.Equal(registered.Order(), OnPage.Order());
    }

    [Theory]
    [InlineData("grafana/event-handler.json")]
    [InlineData("prometheus/event-handler.rules.yaml")]
    public void What_is_shown_and_alerted_on_is_on_the_page(string file)
    {
        var names = Name().Matches(File.ReadAllText(Repository.PathOf(["deploy", .. file.Split('/')]))).Select(match => match.Value).Distinct().ToList();
        Assert.True(names.Count > 5, $"{file} speaks of {names.Count} metrics");
        foreach (var name in names)
        {
            var known = OnPage.Exists(metric => metric.Name == name
                || (metric.Type == "histogram" && name.StartsWith(metric.Name, StringComparison.Ordinal)
                    && name[metric.Name.Length..] is "_bucket" or "_sum" or "_count"));
            Assert.True(known, $"{file} speaks of {name}");
        }
    }

    [Fact]
    public void The_dashboard_is_whole()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Repository.PathOf("deploy", "grafana", "event-handler.json")));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
        Assert.Distinct(panels.Select(panel => panel.GetProperty("id").GetInt32()));
        foreach (var panel in panels.Where(panel => panel.GetProperty("type").GetString() != "row"))
        {
            Assert.NotEmpty(panel.GetProperty("title").GetString()!);
            Assert.NotEqual(0, panel.GetProperty("targets").GetArrayLength());
        }
    }

    private static object Make(Type owner)
    {
        var constructor = owner.GetConstructors().OrderBy(c => c.GetParameters().Length).First();
        return constructor.Invoke([.. constructor.GetParameters().Select(parameter =>
            parameter.ParameterType == typeof(TimeProvider) ? TimeProvider.System : throw new InvalidOperationException($"{owner.Name} wants {parameter}"))]);
    }

    [GeneratedRegex(@"^\| `(?<name>gatehouse_\w+)` \| (?<type>\w+) \|", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Row();

    [GeneratedRegex(@"gatehouse_event_handler_\w+")]
    private static partial Regex Name();
}
