using Gatehouse.Hosting.Files;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.State;

/// <summary>Where the state of one cluster lives.</summary>
public static class StateDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary><c>&lt;storage&gt;/&lt;host&gt;_&lt;port&gt;</c>, as upstream names it (spec 6).</summary>
    /// <param name="addr">The Teleport address as set, <c>host:port</c>.</param>
    /// <exception cref="StateException">The address has no port, or is nothing but a colon.</exception>
    public static string PathFor(string storage, string addr)
    {
        var parts = HostPort.TryParse(addr, out var problem) ?? throw new StateException(problem!);
        var host = parts.Host.Trim();
        if (host.Length == 0 && parts.Port.Length == 0)
            throw new StateException($"Can not generate cursor name from Teleport host {addr}");
        return Path.Combine(storage, $"{host}_{parts.Port}".Replace('/', '_'));
    }

    /// <summary>Makes the directory if it is not there, for the owner alone.</summary>
    internal static void Prepare(string directory, ILogger log)
    {
        try
        {
            if (Directory.Exists(directory))
            {
                Log.UsingStorageDirectory(log, directory);
                return;
            }
            Directory.CreateDirectory(directory, OwnerOnly);
            DirectorySync.Flush(Path.GetDirectoryName(Path.GetFullPath(directory)) ?? "/");
            Log.CreatedStorageDirectory(log, directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateException($"Can not create storage directory {directory} : {e.Message}", e);
        }
    }
}
