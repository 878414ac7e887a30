using Gatehouse.Hosting.Files;

namespace Gatehouse.Cluster.Storage;

/// <summary>
/// The cluster's files. Everything below is readable by its owner alone.
/// <code>
/// cluster.json          name and host id, written once
/// gatehouse.lock        held by the running server
/// ca/*.pem              authorities and the server's own certificate, key first
/// roles.json users.json what an administrator added to the built-in ones
/// locks.json            locks
/// log/YYYY-MM-DD/       segments of the audit log (AuditLog/SegmentFiles)
/// log/incoming/         whole segments that other processes hand over (AuditLog/IncomingSegments)
/// recordings/SID.ndjson session recordings
/// </code>
/// </summary>
internal sealed class DataDirectory
{
    private DataDirectory(string root) => Root = root;

    public string Root { get; }
    public string Authorities => Path.Combine(Root, "ca");
    public string Log => Path.Combine(Root, "log");
    public string Incoming => Path.Combine(Log, "incoming");
    public string Recordings => Path.Combine(Root, "recordings");

    public string File(string name) => Path.Combine(Root, name);

    /// <exception cref="ClusterException">The directory cannot be made or entered.</exception>
    public static DataDirectory Open(string root)
    {
        try
        {
            var data = new DataDirectory(Path.GetFullPath(root));
            foreach (var directory in new[] { data.Root, data.Authorities, data.Log, data.Incoming, data.Recordings })
                Disk.CreateDirectory(directory);
            return data;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new ClusterException($"cannot use data directory {root}: {error.Message}", error);
        }
    }

    /// <summary>Takes a lock that ends with this process, or says that another process has it.</summary>
    /// <exception cref="ClusterException">The file cannot be made or is not ours.</exception>
    public static FileLock? TryLock(string path)
    {
        try
        {
            return FileLock.TryTake(path);
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(path, error);
        }
    }

    /// <summary>Waits for a lock that others hold for moments only.</summary>
    /// <exception cref="ClusterException">As <see cref="TryLock"/>, or not to be had within 10 s.</exception>
    public static async Task<FileLock> LockAsync(string path, TimeProvider time, CancellationToken cancellation)
    {
        try
        {
            return await FileLock.TakeAsync(path, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(10), time, cancellation)
                ?? throw new ClusterException($"{path} is held by another process");
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(path, error);
        }
    }
}
