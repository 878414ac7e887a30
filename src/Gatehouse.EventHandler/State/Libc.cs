using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.EventHandler.State;

/// <summary>The two things of POSIX that the framework has no door to: opening without a lock of its own, and fsync of a directory.</summary>
internal static partial class Libc
{
    /// <summary>Opens for reading and takes no lock, as <see cref="FileStream"/> would.</summary>
    /// <exception cref="IOException">The system's words.</exception>
    public static SafeFileHandle OpenRead(string path)
    {
        var descriptor = Open(path, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw Failed("open", path);
    }

    /// <summary>Makes the names in a directory durable.</summary>
    /// <exception cref="IOException">The system's words.</exception>
    public static void SyncDirectory(string path)
    {
        using var handle = OpenRead(path);
        if (Sync((int)handle.DangerousGetHandle()) != 0)
            throw Failed("fsync", path);
    }

    private static IOException Failed(string call, string path)
    {
        var reason = new Win32Exception(Marshal.GetLastPInvokeError());
        return new IOException($"{call} {path}: {reason.Message}", reason);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);
}
