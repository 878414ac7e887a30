using System.Reflection;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>Each line of the audit log table in docs/differences.md is held by a test that names it, and by nothing that is not there.</summary>
public sealed class SourceDifferencesTests
{
    [Fact]
    public void Each_line_of_the_page_has_a_test_that_names_it()
    {
        var page = File.ReadLines(Repository.PathOf("docs", "differences.md"))
            .SkipWhile(line => line != "## Audit log")
            .Skip(1)
            .TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('`')[1]);
        var tests = typeof(SourceDifferencesTests).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(SourceDifferencesTests).Namespace || type == typeof(Pipeline.EarlyProgressTests))
            .SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetCustomAttributes<TraitAttribute>())
            .Where(trait => trait.Name == "Difference")
            .Select(trait => trait.Value);
        Assert.Equal(page.Order(StringComparer.Ordinal), tests.Distinct().Order(StringComparer.Ordinal));
    }
}
