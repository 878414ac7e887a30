using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Hosting.Files;

/// <summary>Makes the names in a directory durable: a new or renamed file may be gone after a power cut although its content was fsynced.</summary>
public static partial class DirectorySync
{
    /// <exception cref="IOException">The directory cannot be opened, or the disk refused.</exception>
    public static void Flush(string directory)
    {
        if (OperatingSystem.IsWindows())
            return;
        // The framework opens no directories.
        using var handle = Open(directory, 0);
        if (handle.IsInvalid || Fsync(handle) != 0)
            throw new IOException($"cannot sync directory {directory}: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial SafeFileHandle Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Fsync(SafeFileHandle file);
}
