using System.Globalization;
using System.Text;
using Gatehouse.Hosting.Files;

namespace Gatehouse.EventHandler.State;

/// <summary>One handler a state directory: the lock of <c>checkpoint.lock</c>, whose text (process id and host) only helps the message.</summary>
internal sealed class DirectoryLock : IDisposable
{
    public const string Name = "checkpoint.lock";

    private readonly FileLock _held;

    private DirectoryLock(FileLock held) => _held = held;

    /// <exception cref="StateException">Another process has it, or the file cannot be made.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, Name);
        try
        {
            var held = FileLock.TryTake(path) ?? throw new StateException(
                $"State directory {directory} is in use by {Holder(path)}. Two handlers on one directory would both send everything: stop that one, or give this one its own storage.");
            Sign(held.File);
            return new DirectoryLock(held);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateException($"Can not lock state directory {directory} : {e.Message}", e);
        }
    }

    public void Dispose() => _held.Dispose();

    private static void Sign(FileStream file)
    {
        try
        {
            file.SetLength(0);
            file.Write(Encoding.UTF8.GetBytes(
                string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessId} {Environment.MachineName}\n")));
        }
        catch (IOException)
        {
            // A full disk must not keep the handler from starting; the lock itself is held all the same.
        }
    }

    /// <summary>Who holds it, in words.</summary>
    private static string Holder(string path) =>
        FileLock.Peek(path)?.Split(' ', '\n') is [{ Length: > 0 } id, var host, ..] && int.TryParse(id, CultureInfo.InvariantCulture, out _)
            ? $"process {id} on {host}"
            : "another process";
}
