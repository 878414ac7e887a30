using System.Runtime.InteropServices;

namespace Gatehouse.Cluster.Storage;

/// <summary>
/// Writes that a power cut cannot halve: a file is whole under its name or not there. What root makes belongs to the owner of the directory
/// it is made in (<see cref="Ownership"/>), so that a command an administrator runs never leaves files the service cannot read.
/// </summary>
internal static partial class Disk
{
    public const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    public const UnixFileMode PrivateDirectory = PrivateFile | UnixFileMode.UserExecute;

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

    /// <summary>Opens a file for its owner alone.</summary>
    /// <param name="give">False leaves a new file to whoever made it, whatever the owner of the directory.</param>
    public static FileStream CreateFile(string path, FileMode mode = FileMode.CreateNew, FileShare share = FileShare.Read, bool give = true)
    {
        // Only a file that is certainly new is given away: an old one may be a link somebody put there.
        if (mode != FileMode.CreateNew)
        {
            try
            {
                return CreateFile(path, FileMode.CreateNew, share, give);
            }
            catch (IOException) when (File.Exists(path))
            {
                return Open(path, mode, share);
            }
        }
        var file = Open(path, mode, share);
        if (give)
            Ownership.GiveFile(file.SafeFileHandle, path);
        return file;
    }

    private static FileStream Open(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.Write, Share = share, BufferSize = 0 };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = PrivateFile;
        return new FileStream(path, options);
    }

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
        SyncDirectory(directory);
    }

    /// <summary>Removes what <see cref="WriteAtomically"/> left when its process was killed. Younger files may be in somebody's hands.</summary>
    public static void RemoveUnfinished(string directory, DateTimeOffset now)
    {
        foreach (var path in Directory.EnumerateFiles(directory, ".*.tmp").Where(path => IsAbandoned(path, now)))
            File.Delete(path);
    }

    /// <summary>Files are written in seconds; a day is for a process that was stopped in between, and for clocks that disagree.</summary>
    public static bool IsAbandoned(string path, DateTimeOffset now) => now.UtcDateTime - File.GetLastWriteTimeUtc(path) > TimeSpan.FromDays(1);

    /// <summary>Makes the names in a directory durable. .NET opens no directories, so this asks the C library.</summary>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        var descriptor = Open(path, 0);
        if (descriptor < 0)
            throw new IOException($"cannot open directory {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        try
        {
            if (Fsync(descriptor) != 0)
                throw new IOException($"cannot sync directory {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
