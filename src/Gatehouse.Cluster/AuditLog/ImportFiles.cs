namespace Gatehouse.Cluster.AuditLog;

/// <summary>Which files an import reads.</summary>
internal static class ImportFiles
{
    /// <summary>
    /// Files as named, and of folders all <c>*.log</c> and <c>*.log.gz</c> below, by name. The real one links <c>events.log</c> to its newest
    /// file, so each target is read once.
    /// </summary>
    /// <exception cref="ClusterException">A name is neither file nor folder.</exception>
    public static IReadOnlyList<string> Find(IEnumerable<string> named)
    {
        var found = new List<string>();
        foreach (var path in named)
        {
            if (Directory.Exists(path))
                found.AddRange(Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Where(IsLog).Order(StringComparer.Ordinal));
            else if (File.Exists(path))
                found.Add(path);
            else
                throw new ClusterException($"{path} does not exist");
        }
        return found.Select(Resolve).Distinct().ToList();
    }

    private static bool IsLog(string path) => path.EndsWith(".log", StringComparison.Ordinal) || path.EndsWith(".log.gz", StringComparison.Ordinal);

    private static string Resolve(string path) =>
        File.ResolveLinkTarget(path, returnFinalTarget: true) is { } target
            ? target.Exists ? target.FullName : throw new ClusterException($"{path} is a link to {target.FullName}, which does not exist")
            : Path.GetFullPath(path);
}
