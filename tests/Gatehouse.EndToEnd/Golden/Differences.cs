using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>The page of deliberate differences.</summary>
internal static class Differences
{
    private static readonly Lazy<HashSet<string>> Known = new(() =>
        [.. File.ReadLines(Repository.PathOf("docs", "differences.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('`')[1])]);

    public static IReadOnlySet<string> Lines => Known.Value;

    public static void AssertHas(string line) =>
        Assert.True(Lines.Contains(line), $"docs/differences.md has no line `{line}`");
}
