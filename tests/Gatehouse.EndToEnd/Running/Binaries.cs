namespace Gatehouse.EndToEnd.Running;

/// <summary>The executable that was built with these tests, by its own name and by the one existing unit files call.</summary>
internal static class Binaries
{
    public static string Gatehouse { get; } = Path.Combine(AppContext.BaseDirectory, "gatehouse");

    private static readonly Lazy<string> Alias = new(() =>
    {
        // Beside the tests and not in a temporary folder: it stays, so it must not pile up.
        var folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, "aliases")).FullName;
        var link = Path.Combine(folder, "teleport-event-handler");
        if (!File.Exists(link))
            File.CreateSymbolicLink(link, Gatehouse);
        return link;
    });

    /// <summary>A link named <c>teleport-event-handler</c>.</summary>
    public static string EventHandler => Alias.Value;
}
