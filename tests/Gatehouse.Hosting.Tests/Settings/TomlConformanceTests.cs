using System.Globalization;
using System.Text.Json;
using Gatehouse.Hosting.Settings.Toml;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Settings;

/// <summary>The public toml-test suite, every case listed for TOML 1.0.0.</summary>
public class TomlConformanceTests
{
    private static readonly string? Suite = Repository.Shared("data", "toml-test");

    public static TheoryData<string> Valid() => Cases("valid/");

    public static TheoryData<string> Invalid() => Cases("invalid/");

    [Theory]
    [MemberData(nameof(Valid))]
    public void A_valid_document_parses_to_the_values_the_suite_says(string path)
    {
        var file = Find(path);
        Assert.True(TomlDocument.TryParse(File.ReadAllBytes(file), out var table, out var error), error?.ToString());
        using var expected = JsonDocument.Parse(File.ReadAllBytes(Path.ChangeExtension(file, ".json")));
        AssertSame(expected.RootElement, table, "");
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void An_invalid_document_is_refused_with_line_and_column(string path)
    {
        Assert.False(TomlDocument.TryParse(File.ReadAllBytes(Find(path)), out _, out var error));
        Assert.Matches(@"^\(\d+, \d+\): .", error.ToString());
    }

    private static string Find(string path)
    {
        Peer.RequireThat(Suite is not null, "the public suite toml-test is not beside this checkout");
        return Path.Combine(Suite!, path);
    }

    private static TheoryData<string> Cases(string prefix) =>
        Suite is null
            ? [prefix]
            : [.. File.ReadLines(Path.Combine(Suite, "files-toml-1.0.0")).Where(line => line.StartsWith(prefix, StringComparison.Ordinal) && line.EndsWith(".toml", StringComparison.Ordinal))];

    private static void AssertSame(JsonElement expected, TomlValue actual, string where)
    {
        if (expected.ValueKind == JsonValueKind.Array)
        {
            var array = Assert.IsType<TomlArray>(actual);
            Assert.Equal(expected.GetArrayLength(), array.Items.Count);
            foreach (var (item, index) in expected.EnumerateArray().Select((item, index) => (item, index)))
                AssertSame(item, array.Items[index], $"{where}[{index}]");
            return;
        }
        if (expected.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String)
        {
            AssertScalar(type.GetString()!, expected.GetProperty("value").GetString()!, actual, where);
            return;
        }
        var table = Assert.IsType<TomlTable>(actual);
        Assert.Equal(expected.EnumerateObject().Select(property => property.Name).Order(), table.Select(entry => entry.Key).Order());
        foreach (var property in expected.EnumerateObject())
            AssertSame(property.Value, table.Find(property.Name)!, $"{where}.{property.Name}");
    }

    private static void AssertScalar(string type, string value, TomlValue actual, string where)
    {
        switch (type)
        {
            case "string":
                Assert.Equal(value, Assert.IsType<TomlString>(actual).Value);
                break;
            case "integer":
                Assert.Equal(long.Parse(value, CultureInfo.InvariantCulture), Assert.IsType<TomlInteger>(actual).Value);
                break;
            case "bool":
                Assert.Equal(value == "true", Assert.IsType<TomlBoolean>(actual).Value);
                break;
            case "float":
                Assert.Equal(ParseFloat(value), Assert.IsType<TomlFloat>(actual).Value);
                break;
            case "datetime":
                Assert.Equal(DateTimeOffset.Parse(value, CultureInfo.InvariantCulture), Assert.IsType<TomlDateTime>(actual).Instant);
                break;
            case "datetime-local":
                var local = Assert.IsType<TomlDateTime>(actual);
                Assert.Null(local.Offset);
                Assert.Equal(DateTime.Parse(value, CultureInfo.InvariantCulture), local.Date!.Value.ToDateTime(local.Time!.Value));
                break;
            case "date-local":
                var date = Assert.IsType<TomlDateTime>(actual);
                Assert.Null(date.Time);
                Assert.Equal(DateOnly.Parse(value, CultureInfo.InvariantCulture), date.Date);
                break;
            case "time-local":
                var time = Assert.IsType<TomlDateTime>(actual);
                Assert.Null(time.Date);
                Assert.Equal(TimeOnly.Parse(value, CultureInfo.InvariantCulture), time.Time);
                break;
            default:
                Assert.Fail($"{where}: the suite has a new type {type}");
                break;
        }
    }

    private static double ParseFloat(string value) => value.TrimStart('+', '-') switch
    {
        "inf" => value[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity,
        "nan" => double.NaN,
        _ => double.Parse(value, CultureInfo.InvariantCulture),
    };
}
