using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Hosting.Files;

/// <summary>
/// A file that one process has at a time. The lock is the kernel's (flock), so it ends with its process however that ends; the file
/// stays, for its owner alone. Others who ask for no lock can read and write the file all the same.
/// </summary>
public sealed partial class FileLock : IDisposable, IAsyncDisposable
{
    private FileLock(FileStream file) => File = file;

    /// <summary>The file, open to read and write.</summary>
    public FileStream File { get; }

    /// <returns>Null when another process (or somebody else in this one) has it.</returns>
    /// <exception cref="IOException">The file cannot be made or opened.</exception>
    /// <exception cref="UnauthorizedAccessException">The file or its directory is somebody else's.</exception>
    public static FileLock? TryTake(string path)
    {
        try
        {
            return new FileLock(PrivateFile.Open(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (IsHeld(e))
        {
            return null;
        }
    }

    /// <summary>Waits for a lock that others hold for moments only.</summary>
    /// <param name="between">From one try to the next.</param>
    /// <returns>Null when it was not to be had within <paramref name="longest"/>.</returns>
    /// <exception cref="IOException">As <see cref="TryTake"/>.</exception>
    /// <exception cref="UnauthorizedAccessException">As <see cref="TryTake"/>.</exception>
    public static async ValueTask<FileLock?> TakeAsync(string path, TimeSpan between, TimeSpan longest, TimeProvider time, CancellationToken cancellation)
    {
        for (var waited = TimeSpan.Zero; ; waited += between)
        {
            if (TryTake(path) is { } taken)
                return taken;
            if (waited >= longest)
                return null;
            await Task.Delay(between, time, cancellation).ConfigureAwait(false);
        }
    }

    /// <summary>The beginning of a file that somebody else may have locked, as text: what its holder wrote about himself.</summary>
    /// <returns>Null when it cannot be read.</returns>
    public static string? Peek(string path)
    {
        // A FileStream would want a lock of its own, however it is opened.
        using var handle = Open(path, 0);
        if (handle.IsInvalid)
            return null;
        var bytes = new byte[256];
        try
        {
            return Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public void Dispose() => File.Dispose();

    public ValueTask DisposeAsync() => File.DisposeAsync();

    /// <summary>The framework's exception has the system's number: EWOULDBLOCK of Linux and of macOS, or a sharing violation of Windows.</summary>
    private static bool IsHeld(IOException e) => e.HResult is 11 or 35 or unchecked((int)0x80070020);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags);
}
