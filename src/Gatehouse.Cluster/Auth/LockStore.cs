using Gatehouse.Api.Auth;
using Gatehouse.Api.Types;
using Gatehouse.Cluster.Storage;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// Locks (teleport-wire 4.3), in <c>locks.json</c>: a <c>GetLocksResponse</c> as protobuf JSON, replaced whole at each change, on disk before
/// the change is answered.
/// </summary>
internal sealed class LockStore
{
    private readonly Lock _gate = new();
    private readonly string _path;
    private readonly TimeProvider _time;
    private Dictionary<string, LockV2> _locks;

    private LockStore(string path, TimeProvider time, Dictionary<string, LockV2> locks) => (_path, _time, _locks) = (path, time, locks);

    /// <exception cref="ClusterException">The file is damaged or cannot be read. Going on without it would let locked users in.</exception>
    public static LockStore Open(DataDirectory data, TimeProvider time)
    {
        var path = data.File("locks.json");
        try
        {
            var stored = File.Exists(path) ? GetLocksResponse.Parser.ParseJson(File.ReadAllText(path)) : new GetLocksResponse();
            return new LockStore(path, time, stored.Locks.ToDictionary(item => item.Metadata.Name));
        }
        catch (Exception error) when (error is InvalidJsonException or InvalidProtocolBufferException or ArgumentException)
        {
            throw new ClusterException($"{path} is damaged: {error.Message}", error);
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(path, error);
        }
    }

    public LockV2? Find(string name)
    {
        lock (_gate)
            return _locks.GetValueOrDefault(name)?.Clone();
    }

    public IReadOnlyList<LockV2> List(IReadOnlyCollection<LockTarget> targets, bool inForceOnly)
    {
        lock (_gate)
        {
            return _locks.Values
                .Where(item => !inForceOnly || InForce(item))
                .Where(item => targets.Count == 0 || targets.Any(target => Matches(target, item.Spec.Target)))
                .OrderBy(item => item.Metadata.Name, StringComparer.Ordinal)
                .Select(item => item.Clone())
                .ToList();
        }
    }

    public void Upsert(LockV2 item, string by)
    {
        var stored = item.Clone();
        stored.Kind = "lock";
        if (stored.Version.Length == 0)
            stored.Version = "v2";
        if (stored.Metadata.Namespace.Length == 0)
            stored.Metadata.Namespace = "default";
        stored.Metadata.Revision = Guid.NewGuid().ToString();
        stored.Spec.CreatedBy = by;
        stored.Spec.CreatedAt = Timestamp.FromDateTimeOffset(_time.GetUtcNow());
        Change(locks => locks[stored.Metadata.Name] = stored);
    }

    /// <returns>False when there is no lock of that name.</returns>
    public bool Delete(string name)
    {
        lock (_gate)
        {
            if (!_locks.ContainsKey(name))
                return false;
            Change(locks => locks.Remove(name));
            return true;
        }
    }

    /// <summary>
    /// Why somebody may do nothing at all, in the words of the real one, or null. A lock on a user and a login locks the user: the target
    /// asked for names fewer fields than the lock, and all of them agree.
    /// </summary>
    public string? Refusal(string user, IEnumerable<string> roles)
    {
        var targets = roles.Select(role => new LockTarget { Role = role }).Prepend(new LockTarget { User = user });
        lock (_gate)
        {
            if (_locks.Count == 0)
                return null;
            foreach (var target in targets)
            {
                if (_locks.Values.FirstOrDefault(item => InForce(item) && Matches(target, item.Spec.Target)) is { } found)
                    return Words(found);
            }
        }
        return null;
    }

    private static string Words(LockV2 item)
    {
        var target = item.Spec.Target;
        var fields = new[] { ("User", target.User), ("Role", target.Role), ("Login", target.Login), ("Node", target.Node), ("MFADevice", target.MfaDevice) }
            .Where(field => field.Item2.Length > 0).Select(field => $"{field.Item1}:\"{field.Item2}\"");
        var words = $"lock targeting {string.Join(' ', fields)} is in force";
        return item.Spec.Message.Length > 0 ? $"{words}: {item.Spec.Message}" : words;
    }

    private bool InForce(LockV2 item) => item.Spec.Expires is not { } expires || expires.ToDateTimeOffset() > _time.GetUtcNow();

    private static bool Matches(LockTarget wanted, LockTarget target)
    {
        static bool Agree(string a, string b) => a.Length == 0 || a == b;
        return !wanted.Equals(new LockTarget())
            && Agree(wanted.User, target.User) && Agree(wanted.Role, target.Role) && Agree(wanted.Login, target.Login)
            && Agree(wanted.Node, target.Node) && Agree(wanted.MfaDevice, target.MfaDevice)
            && Agree(wanted.WindowsDesktop, target.WindowsDesktop) && Agree(wanted.AccessRequest, target.AccessRequest)
            && Agree(wanted.Device, target.Device) && Agree(wanted.ServerId, target.ServerId);
    }

    private void Change(Action<Dictionary<string, LockV2>> change)
    {
        lock (_gate)
        {
            var changed = new Dictionary<string, LockV2>(_locks);
            change(changed);
            var stored = new GetLocksResponse { Locks = { changed.Values } };
            Disk.WriteAtomically(_path, System.Text.Encoding.UTF8.GetBytes(new JsonFormatter(JsonFormatter.Settings.Default.WithIndentation()).Format(stored)));
            _locks = changed;
        }
    }
}
