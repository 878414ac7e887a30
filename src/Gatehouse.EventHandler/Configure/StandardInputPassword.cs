namespace Gatehouse.EventHandler.Configure;

/// <summary>The password of the server key from standard input, by upstream's rules (event-handler 2.5).</summary>
public static class StandardInputPassword
{
    /// <summary>More is no password but a mistake.</summary>
    internal const int MaxBytes = 4096;

    /// <summary>
    /// Everything a pipe or file gives, byte for byte; null when standard input is a character device (a terminal, /dev/null)
    /// or closed. Waits for the end of a pipe.
    /// </summary>
    public static async ValueTask<byte[]?> ReadAsync(CancellationToken cancellation)
    {
        if (IsCharacterDevice())
            return null;
        await using var input = Console.OpenStandardInput();
        return await ReadAsync(input, cancellation);
    }

    /// <returns>At most one byte more than a password may have, so that a longer one is noticed.</returns>
    internal static async ValueTask<byte[]> ReadAsync(Stream input, CancellationToken cancellation)
    {
        var buffer = new byte[MaxBytes + 1];
        var length = await input.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
        return buffer[..length];
    }

    private static bool IsCharacterDevice()
    {
        if (!Console.IsInputRedirected)
            return true;
        // .NET calls everything but a terminal redirected. The link names a device by its path, a pipe as pipe:[n].
        const string Link = "/proc/self/fd/0";
        try
        {
            return File.ResolveLinkTarget(Link, returnFinalTarget: false)?.FullName.StartsWith("/dev/", StringComparison.Ordinal) ?? false;
        }
        catch (IOException)
        {
            // Closed on Linux; elsewhere there is no /proc and what is redirected is taken for a pipe.
            return Directory.Exists("/proc/self/fd");
        }
    }
}
