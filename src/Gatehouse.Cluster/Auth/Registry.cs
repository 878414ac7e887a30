using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Gatehouse.Cluster.Storage;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// Users and roles: the built-in ones and those of <c>users.json</c> and <c>roles.json</c>. The files are read again when they change, so a
/// right that is taken away is gone at the next call and not at the end of a certificate. A change that cannot be read is reported once, tried
/// again at each call, and the old state stays in force meanwhile.
/// </summary>
internal sealed class Registry(DataDirectory data, ILogger? logger = null)
{
    private readonly Lock _gate = new();
    private Snapshot? _snapshot;
    private ((DateTime, long), (DateTime, long))? _reported;

    /// <exception cref="ClusterException">A file is not readable as what it should be.</exception>
    public Role? FindRole(string name) => Current().Roles.GetValueOrDefault(name);

    public User? FindUser(string name) => Current().Users.GetValueOrDefault(name);

    public IReadOnlyCollection<string> RoleNames => Current().Roles.Keys;

    public void Save(User user)
    {
        lock (_gate)
        {
            var users = Read(data.File("users.json"), StoredJson.Default.ListUser).Where(u => u.Name != user.Name).Append(user).ToList();
            Write(data.File("users.json"), JsonSerializer.SerializeToUtf8Bytes(users, StoredJson.Default.ListUser));
            _snapshot = null;
        }
    }

    public void Save(Role role)
    {
        lock (_gate)
        {
            var roles = Read(data.File("roles.json"), StoredJson.Default.ListRole).Where(r => r.Name != role.Name).Append(role).ToList();
            Write(data.File("roles.json"), JsonSerializer.SerializeToUtf8Bytes(roles, StoredJson.Default.ListRole));
            _snapshot = null;
        }
    }

    private Snapshot Current()
    {
        var stamp = (Stamp(data.File("users.json")), Stamp(data.File("roles.json")));
        lock (_gate)
        {
            if (_snapshot is { } known && known.Stamp == stamp)
                return known;
            try
            {
                _snapshot = Load(stamp);
                _reported = null;
                return _snapshot;
            }
            catch (ClusterException error) when (_snapshot is { } old && logger is not null)
            {
                if (_reported != stamp)
                    Log.RegistryUnreadable(logger, error.Message);
                _reported = stamp;
                // Not taken for read: a change of rights mends a file and shows in no stamp.
                return old;
            }
        }
    }

    private Snapshot Load(((DateTime, long), (DateTime, long)) stamp)
    {
        var users = User.BuiltIn.ToDictionary(u => u.Name);
        foreach (var user in Read(data.File("users.json"), StoredJson.Default.ListUser))
            users[user.Name] = user;
        var roles = Role.BuiltIn.ToDictionary(r => r.Name);
        foreach (var role in Read(data.File("roles.json"), StoredJson.Default.ListRole))
            roles[role.Name] = role;
        return new Snapshot(stamp, users, roles);
    }

    private static (DateTime Written, long Length) Stamp(string path)
    {
        var file = new FileInfo(path);
        return file.Exists ? (file.LastWriteTimeUtc, file.Length) : default;
    }

    private static List<T> Read<T>(string path, JsonTypeInfo<List<T>> type)
    {
        if (!File.Exists(path))
            return [];
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), type) ?? [];
        }
        catch (JsonException error)
        {
            throw new ClusterException($"{path} is not a list of what it should be: {error.Message}", error);
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(path, error);
        }
    }

    private static void Write(string path, byte[] content)
    {
        try
        {
            Disk.WriteAtomically(path, content);
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(path, error);
        }
    }

    private sealed record Snapshot(
        ((DateTime, long), (DateTime, long)) Stamp,
        Dictionary<string, User> Users,
        Dictionary<string, Role> Roles);
}
