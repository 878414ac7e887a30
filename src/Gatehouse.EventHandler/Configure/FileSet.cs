using System.Text;

namespace Gatehouse.EventHandler.Configure;

/// <summary>Files that are replaced together or not at all.</summary>
internal sealed class FileSet(IReadOnlyList<string> paths)
{
    public IReadOnlyList<string> Paths { get; } = paths;

    public IEnumerable<string> Existing => Paths.Where(Path.Exists);
}

/// <summary>
/// Writes files whole: all of them beside their places first, with mode 0600 and synced, then renamed. A disk that is full or a
/// directory that may not be written stops it before anything has changed.
/// </summary>
internal static class FileWriter
{
    /// <exception cref="IOException">Nothing was replaced, unless a rename itself failed.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public static async Task WriteAsync(IReadOnlyList<(string Path, string Text)> files, CancellationToken cancellation)
    {
        var written = new List<(string Temporary, string Path)>();
        try
        {
            foreach (var (path, text) in files)
            {
                var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
                written.Add((temporary, path));
                await WriteOneAsync(temporary, text, cancellation);
            }
            foreach (var (temporary, path) in written)
                File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            foreach (var (temporary, _) in written)
                File.Delete(temporary);
        }
    }

    private static async Task WriteOneAsync(string path, string text, CancellationToken cancellation)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new FileStream(path, options);
        await stream.WriteAsync(Encoding.UTF8.GetBytes(text), cancellation);
        stream.Flush(flushToDisk: true);
    }
}
