using Gatehouse.Hosting.Files;

namespace Gatehouse.Cluster.Storage;

/// <summary>
/// Writes that a power cut cannot halve: a file is whole under its name or not there. What root makes belongs to the owner of the directory
/// it is made in (<see cref="Ownership"/>), so that a command an administrator runs never leaves files the service cannot read.
/// </summary>
internal static class Disk
{
    private const UnixFileMode PrivateDirectory = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Creates a directory that only its owner can enter. An existing one is left as it is.</summary>
    public static void CreateDirectory(string path)
    {
        var created = new Stack<string>();
        for (var at = Path.GetFullPath(path); at is not null && !Directory.Exists(at); at = Path.GetDirectoryName(at))
            created.Push(at);
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, PrivateDirectory);
        foreach (var directory in created)
            Ownership.GiveDirectory(directory);
    }

    /// <summary>Opens a file for its owner alone, to write.</summary>
    /// <param name="give">False leaves a new file to whoever made it, whatever the owner of the directory.</param>
    public static FileStream CreateFile(string path, FileMode mode = FileMode.CreateNew, bool give = true) =>
        PrivateFile.Open(path, mode, FileAccess.Write, FileShare.Read, give);

    /// <summary>Whether the file system refused, as a matter of rights, space or a broken disk.</summary>
    public static bool IsRefusal(Exception error) => error is IOException or UnauthorizedAccessException;

    /// <summary>A refusal in words for the operator.</summary>
    public static ClusterException Refused(string path, Exception error) => new(
        error is UnauthorizedAccessException
            ? $"cannot use {path}: {error.Message} It must belong to the user the auth service runs as (chown -R)"
            : $"cannot use {path}: {error.Message}",
        error);

    /// <summary>Replaces a file: new bytes to a neighbour, fsync, rename, fsync of the directory.</summary>
    public static void WriteAtomically(string path, ReadOnlySpan<byte> content, bool give = true)
    {
        var full = Path.GetFullPath(path);
        var directory = Path.GetDirectoryName(full)!;
        var temporary = Path.Combine(directory, $".{Path.GetFileName(full)}.{Guid.NewGuid():N}.tmp");
        try
        {
            using (var file = CreateFile(temporary, give: give))
            {
                file.Write(content);
                file.Flush(flushToDisk: true);
            }
            File.Move(temporary, full, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        DirectorySync.Flush(directory);
    }

    /// <summary>Removes what <see cref="WriteAtomically"/> left when its process was killed. Younger files may be in somebody's hands.</summary>
    public static void RemoveUnfinished(string directory, DateTimeOffset now)
    {
        foreach (var path in Directory.EnumerateFiles(directory, ".*.tmp").Where(path => IsAbandoned(path, now)))
            File.Delete(path);
    }

    /// <summary>Files are written in seconds; a day is for a process that was stopped in between, and for clocks that disagree.</summary>
    public static bool IsAbandoned(string path, DateTimeOffset now) => now.UtcDateTime - File.GetLastWriteTimeUtc(path) > TimeSpan.FromDays(1);
}
