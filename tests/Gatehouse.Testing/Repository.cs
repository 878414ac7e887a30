namespace Gatehouse.Testing;

/// <summary>Where things are in a checkout.</summary>
public static class Repository
{
    /// <summary>The folder that holds Gatehouse.slnx.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>A file or folder below the root.</summary>
    public static string PathOf(params string[] parts) => Path.Combine([Root, .. parts]);

    /// <summary>Public conformance suites and captures beside the project, or null when this checkout has none.</summary>
    public static string? Shared(params string[] parts)
    {
        var path = Path.Combine([Path.GetDirectoryName(Root)!, "shared", .. parts]);
        return Path.Exists(path) ? path : null;
    }

    private static string FindRoot()
    {
        for (var directory = AppContext.BaseDirectory; directory is not null; directory = Path.GetDirectoryName(directory))
        {
            if (File.Exists(Path.Combine(directory, "Gatehouse.slnx")))
                return directory;
        }
        throw new InvalidOperationException("not inside a checkout");
    }
}
