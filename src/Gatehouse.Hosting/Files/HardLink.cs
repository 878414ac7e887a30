using System.Runtime.InteropServices;

namespace Gatehouse.Hosting.Files;

/// <summary>A second name for a file.</summary>
public static partial class HardLink
{
    /// <summary>Gives the file a second name; a symbolic link gets it itself, not what it points to.</summary>
    /// <returns>False where it cannot be done: a file system without links, somebody else's file, or another reason of the system's.</returns>
    public static bool TryMake(string path, string second) => !OperatingSystem.IsWindows() && Link(path, second) == 0;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Link(string path, string second);
}
