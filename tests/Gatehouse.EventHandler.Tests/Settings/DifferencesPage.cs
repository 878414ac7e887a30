using Gatehouse.Testing;

namespace Gatehouse.EventHandler.Tests.Settings;

/// <summary>The table of deliberate differences: each line begins with its name in code marks.</summary>
internal static class DifferencesPage
{
    public static IReadOnlyList<string> Lines() =>
        [.. File.ReadLines(Repository.PathOf("docs", "differences.md"))
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('`')[1])];
}
