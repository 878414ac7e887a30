using System.Text;

namespace Gatehouse.EventHandler.Configure;

/// <summary>Files that are replaced together or not at all.</summary>
internal sealed class FileSet(IReadOnlyList<string> paths)
{
    public IReadOnlyList<string> Paths { get; } = paths;

    public IEnumerable<string> Existing => Paths.Where(Path.Exists);
}

/// <summary>
/// Writes files whole, all or none: first beside their places, with mode 0600 and synced, then renamed. A disk that is full or a
/// directory that may not be written stops it before anything has changed; a rename that fails (a file that is mounted by itself, say)
/// takes those before it back.
/// </summary>
internal static class FileWriter
{
    /// <exception cref="IOException">Everything is as it was.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public static Task WriteAsync(IReadOnlyList<(string Path, string Text)> files, CancellationToken cancellation) =>
        WriteAsync(files, (from, to) => File.Move(from, to, overwrite: true), cancellation);

    internal static async Task WriteAsync(IReadOnlyList<(string Path, string Text)> files, Action<string, string> rename, CancellationToken cancellation)
    {
        if (files.FirstOrDefault(file => Directory.Exists(file.Path)).Path is { } directory)
            throw new IOException($"{directory} is a directory, so no file can be written there; nothing was written");
        var written = new List<(string Temporary, string Path)>();
        try
        {
            foreach (var (path, text) in files)
            {
                var temporary = $"{path}.{Guid.NewGuid():N}.tmp";
                written.Add((temporary, path));
                await WriteOneAsync(temporary, text, cancellation);
            }
            Replace(written, rename);
        }
        finally
        {
            foreach (var (temporary, _) in written)
                File.Delete(temporary);
        }
    }

    private static void Replace(List<(string Temporary, string Path)> files, Action<string, string> rename)
    {
        var replaced = new Stack<(string Path, string? Before)>();
        try
        {
            foreach (var (temporary, path) in files)
            {
                var before = Path.Exists(path) ? $"{path}.{Guid.NewGuid():N}.old" : null;
                if (before is not null)
                    rename(path, before);
                replaced.Push((path, before));
                rename(temporary, path);
            }
        }
        catch
        {
            foreach (var (path, before) in replaced)
            {
                if (before is not null)
                    File.Move(before, path, overwrite: true);
                else
                    File.Delete(path);
            }
            throw;
        }
        foreach (var (_, before) in replaced)
        {
            if (before is not null)
                File.Delete(before);
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
