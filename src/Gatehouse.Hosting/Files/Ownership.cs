using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Gatehouse.Hosting.Files;

/// <summary>
/// Gives what root makes to the owner of the directory it is in. Only on Linux and only as root; for everybody else there is nothing to give.
/// A container's root without the right to do so (<c>CAP_CHOWN</c>) keeps its files: whoever cannot read them says so.
/// </summary>
public static partial class Ownership
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint OwnerAndGroup = 0x8 | 0x10; // STATX_UID | STATX_GID
    private const int StatBytes = 256;
    private const int OwnerOffset = 20;
    private const int GroupOffset = 24;

    /// <summary>Gives an open file, not its name: the name may be something else by now.</summary>
    public static void GiveFile(SafeFileHandle file, string path)
    {
        if (OwnerToBe(path) is var (owner, group))
            _ = ChangeOwner(file, owner, group);
    }

    /// <summary>Gives a directory that was just made.</summary>
    public static void GiveDirectory(string path)
    {
        if (OwnerToBe(path) is var (owner, group))
            _ = ChangeLinkOwner(path, owner, group);
    }

    private static (uint Owner, uint Group)? OwnerToBe(string path)
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || Path.GetDirectoryName(Path.GetFullPath(path)) is not { } directory)
            return null;
        Span<byte> stat = stackalloc byte[StatBytes];
        if (Stat(CurrentDirectory, directory, 0, OwnerAndGroup, stat) != 0)
            throw new IOException($"cannot see the owner of {directory}: {Marshal.GetLastPInvokeErrorMessage()}");
        var owner = Read(stat[OwnerOffset..]);
        return owner == 0 ? null : (owner, Read(stat[GroupOffset..]));
    }

    private static uint Read(ReadOnlySpan<byte> field) =>
        BitConverter.IsLittleEndian ? BinaryPrimitives.ReadUInt32LittleEndian(field) : BinaryPrimitives.ReadUInt32BigEndian(field);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Stat(int directory, string path, int flags, uint mask, Span<byte> stat);

    [LibraryImport("libc", EntryPoint = "fchown")]
    private static partial int ChangeOwner(SafeFileHandle file, uint owner, uint group);

    [LibraryImport("libc", EntryPoint = "lchown", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeLinkOwner(string path, uint owner, uint group);
}
