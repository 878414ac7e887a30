namespace Gatehouse.EndToEnd.Running;

/// <summary>
/// The executable under test, by its own name and by the one existing unit files call: the one that was built with these tests, or
/// the one the variable <c>GATEHOUSE_BINARY</c> names, such as the published one, which is compiled differently.
/// </summary>
internal static class Binaries
{
    public static string Gatehouse { get; } = Environment.GetEnvironmentVariable("GATEHOUSE_BINARY") is { Length: > 0 } named
        ? Path.GetFullPath(named)
        : Path.Combine(AppContext.BaseDirectory, "gatehouse");

    private static readonly Lazy<string> Alias = new(() =>
    {
        // Beside the tests and not in a temporary folder: it stays, so it must not pile up.
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "aliases")).FullName;
        var link = Path.Combine(folder, "teleport-event-handler");
        if (new FileInfo(link).LinkTarget != Gatehouse)
        {
            File.Delete(link);
            File.CreateSymbolicLink(link, Gatehouse);
        }
        return link;
    });

    /// <summary>A link named <c>teleport-event-handler</c>.</summary>
    public static string EventHandler => Alias.Value;
}
