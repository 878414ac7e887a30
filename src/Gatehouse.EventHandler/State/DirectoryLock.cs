using System.Globalization;
using System.Text;

namespace Gatehouse.EventHandler.State;

/// <summary>
/// One handler a state directory. The lock is the kernel's (flock on <c>checkpoint.lock</c>), so it ends with its process however that
/// ends; the file's text (process id and host) only helps the message.
/// </summary>
internal sealed class DirectoryLock : IDisposable
{
    public const string Name = "checkpoint.lock";

    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="StateException">Another process has it, or the file cannot be made.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, Name);
        FileStream file;
        try
        {
            file = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.None,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (IOException e) when (e.GetType() == typeof(IOException) && Holder(path) is { } holder)
        {
            throw new StateException(
                $"State directory {directory} is in use by {holder}. Two handlers on one directory would both send everything: stop that one, or give this one its own storage.",
                e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateException($"Can not lock state directory {directory} : {e.Message}", e);
        }

        try
        {
            file.SetLength(0);
            file.Write(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {Environment.MachineName}\n")));
            file.Flush();
        }
        catch (IOException)
        {
            // A full disk must not keep the handler from starting; the lock itself is held all the same.
        }
        return new DirectoryLock(file);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Who holds it, in words; null when the file is not even there.</summary>
    private static string? Holder(string path)
    {
        try
        {
            using var handle = Libc.OpenRead(path);
            var bytes = new byte[256];
            var words = Encoding.UTF8.GetString(bytes, 0, RandomAccess.Read(handle, bytes, 0)).Split(' ', '\n');
            return words is [{ Length: > 0 } id, var host, ..] && int.TryParse(id, CultureInfo.InvariantCulture, out _)
                ? $"process {id} on {host}"
                : "another process";
        }
        catch (IOException)
        {
            return null;
        }
    }
}
