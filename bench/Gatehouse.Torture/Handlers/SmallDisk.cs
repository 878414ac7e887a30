using System.Diagnostics;

namespace Gatehouse.Torture.Handlers;

/// <summary>A small tmpfs for the state directory, which can be filled to the last byte. Linux, root.</summary>
internal sealed class SmallDisk : IDisposable
{
    private const string Size = "48m";

    private readonly string _directory;
    private readonly string _filler;

    private SmallDisk(string directory)
    {
        _directory = directory;
        _filler = Path.Combine(directory, "filler");
    }

    /// <summary>Whether this process may mount one.</summary>
    public static bool IsPossible { get; } = Try();

    public static SmallDisk Mount(string directory)
    {
        Directory.CreateDirectory(directory);
        return Run("mount", "-t", "tmpfs", "-o", $"size={Size}", "gatehouse-torture", directory)
            ? new SmallDisk(directory)
            : throw new IOException($"cannot mount a tmpfs at {directory}");
    }

    public void Fill()
    {
        var block = new byte[64 * 1024];
        using var file = new FileStream(_filler, FileMode.Create, FileAccess.Write, FileShare.Read, 0);
        for (var size = block.Length; size > 0;)
        {
            try
            {
                file.Write(block, 0, size);
            }
            catch (IOException)
            {
                // Full for this much; the rest takes smaller ones.
                size /= 16;
            }
        }
    }

    public void Free() => File.Delete(_filler);

    public void Dispose() => Run("umount", "-l", _directory);

    private static bool Try()
    {
        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
            return false;
        var directory = Directory.CreateTempSubdirectory("gatehouse-mount-").FullName;
        var mounted = Run("mount", "-t", "tmpfs", "-o", "size=64k", "gatehouse-torture", directory);
        if (mounted)
            Run("umount", "-l", directory);
        Directory.Delete(directory);
        return mounted;
    }

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
