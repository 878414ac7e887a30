using System.Buffers;

namespace Gatehouse.Cli.Up;

/// <summary>Files of lines.</summary>
internal static class Lines
{
    /// <returns>Line feeds in the file; 0 when there is none.</returns>
    public static long Count(string path)
    {
        if (!File.Exists(path))
            return 0;
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
        var buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        long count = 0;
        while (file.Read(buffer) is var read and > 0)
            count += buffer.AsSpan(0, read).Count((byte)'\n');
        ArrayPool<byte>.Shared.Return(buffer);
        return count;
    }
}
