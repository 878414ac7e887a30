using Gatehouse.Cluster.AuditLog;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cluster.Auth;

/// <summary>
/// Turns refusals into audit events. A client that tries again every second says the same each time, and anybody can knock with a
/// certificate of his own making: so one event per user and reason a minute, and a bounded number of them; the counter counts all.
/// </summary>
internal sealed class RefusedLogins(ClusterIdentity cluster, EventLog log, TimeProvider time, ILogger logger)
{
    private const int MaxRemembered = 1024;
    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly Dictionary<(string, string), DateTimeOffset> _reported = [];

    /// <summary>Never waits and never throws: it is called in the middle of a handshake.</summary>
    public void Report(string user, string local, string remote, string reason)
    {
        ClusterMetrics.LoginsRefused.Add(1);
        if (!IsNew(user, reason))
            return;
        Log.LoginRefused(logger, user, remote, reason);
        _ = EmitAsync(AuthEvents.LoginRefused(cluster, user, local, remote, reason, time.GetUtcNow()));
    }

    private bool IsNew(string user, string reason)
    {
        var now = time.GetUtcNow();
        lock (_gate)
        {
            if (_reported.TryGetValue((user, reason), out var last) && now - last < Quiet)
                return false;
            if (_reported.Count >= MaxRemembered)
            {
                foreach (var old in _reported.Where(entry => now - entry.Value >= Quiet).Select(entry => entry.Key).ToList())
                    _reported.Remove(old);
                if (_reported.Count >= MaxRemembered)
                    return false;
            }
            _reported[(user, reason)] = now;
            return true;
        }
    }

    private async Task EmitAsync(byte[] line)
    {
        try
        {
            await log.AppendAsync(line, CancellationToken.None);
        }
        catch (Exception error)
        {
            Log.OwnEventLost(logger, error, "auth");
        }
    }
}
