using System.Text;
using Gatehouse.Hosting.Files;

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
/// takes those before it back. Each name has its old or its new file at every moment; a kill in between leaves at most files ending in
/// <c>.tmp</c> and <c>.old</c> beside them.
/// </summary>
internal static class FileWriter
{
    /// <exception cref="IOException">Everything is as it was, or the message says which file is not and where its content is.</exception>
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
                replaced.Push((path, before));
                if (before is not null)
                    Keep(path, before);
                rename(temporary, path);
            }
        }
        catch (Exception e)
        {
            if (TakeBack(replaced) is { Count: > 0 } stuck)
                throw new IOException($"{e.Message}; {string.Join("; ", stuck)}", e);
            throw;
        }
        foreach (var (_, before) in replaced)
        {
            if (before is not null)
                File.Delete(before);
        }
    }

    /// <summary>A second name for the old file, which keeps the first until the new one takes it.</summary>
    private static void Keep(string path, string before)
    {
        if (!HardLink.TryMake(path, before))
            File.Copy(path, before);
    }

    /// <returns>What could not be taken back: the others are, all the same.</returns>
    private static List<string> TakeBack(Stack<(string Path, string? Before)> replaced)
    {
        var stuck = new List<string>();
        // The last one was not replaced.
        var (_, spare) = replaced.Pop();
        if (spare is not null)
            Try(() => File.Delete(spare), $"{spare} is left over");
        foreach (var (path, before) in replaced)
        {
            if (before is not null)
                Try(() => File.Move(before, path, overwrite: true), $"{path} has its new content already and its old one is in {before}");
            else
                Try(() => File.Delete(path), $"{path} is new and could not be removed");
        }
        return stuck;

        void Try(Action step, string otherwise)
        {
            try
            {
                step();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                stuck.Add($"{otherwise} ({e.Message})");
            }
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
