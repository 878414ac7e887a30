using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Api.Grpc;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

/// <summary>The one connection to the cluster, and the care for its credential: a new one is in use before the old one ends.</summary>
internal sealed class ClusterConnection : IDisposable
{
    /// <summary>Without a refresh timer the files are still looked at, rarely: whoever renews them should not have to send a signal.</summary>
    private static readonly TimeSpan UnaskedRefresh = TimeSpan.FromMinutes(10);

    /// <summary>A year's credential deserves a word a day before its end; an hour's, in its last fifth.</summary>
    private static readonly TimeSpan LongestWarning = TimeSpan.FromHours(24);

    private readonly CredentialSource _credentials;
    private readonly TimeSpan _refresh;
    private readonly GrpcChannel _channel;
    private readonly TimeProvider _time;
    private readonly ILogger _log;

    private ClusterConnection(TeleportPlan plan, CredentialSource credentials, ILogger log, TimeProvider time)
    {
        _credentials = credentials;
        _refresh = plan.RefreshEnabled ? plan.RefreshInterval : UnaskedRefresh;
        _time = time;
        _log = log;
        var dialer = new ClusterDialer(plan.Addr, credentials, time);
        _channel = new GrpcChannel(new GrpcChannelOptions { Connect = dialer.ConnectAsync });
        AuditLog = new AuditLogClient(_channel);
    }

    public AuditLogClient AuditLog { get; }

    public DateTimeOffset CredentialExpiry => _credentials.Current.NotAfter;

    /// <summary>Reads the credential; the first call connects.</summary>
    /// <exception cref="CredentialException">It cannot be read, or has expired.</exception>
    public static ClusterConnection Open(TeleportPlan plan, ILoggerFactory logs, TimeProvider time)
    {
        var credentials = plan.Identity is { } identity
            ? CredentialSource.FromIdentityFile(identity)
            : CredentialSource.FromKeyPair(plan.Cert!, plan.Key!, plan.Ca!);
        var log = logs.CreateLogger("Gatehouse.EventHandler");
        if (credentials.Current.NotAfter <= time.GetUtcNow())
        {
            throw new CredentialException(
                $"{ClusterCredentials.NoValidCredentials} ({credentials.Description} expired at {credentials.Current.NotAfter:u})");
        }
        return new ClusterConnection(plan, credentials, log, time);
    }

    /// <summary>Reads the files again and again; a new credential is used from the next connection on, which is opened at once.</summary>
    public async Task KeepCredentialFreshAsync(CancellationToken stop)
    {
        using var interval = new PeriodicTimer(_refresh, _time);
        string? told = null;
        do
        {
            var result = _credentials.Reload();
            if (result.Changed)
            {
                Log.CredentialRenewed(_log, _credentials.Description, CredentialExpiry);
                _channel.Reconnect();
            }
            var trouble = result.Problem ?? (ExpiresSoon() ? "expires soon" : null);
            if (trouble is not null && trouble != told)
                Log.CredentialTrouble(_log, _credentials.Description, trouble, CredentialExpiry);
            told = trouble;
        }
        while (await interval.WaitForNextTickAsync(stop).ConfigureAwait(false));
    }

    private bool ExpiresSoon()
    {
        var certificate = _credentials.Current.Certificate;
        var fifth = (certificate.NotAfter - certificate.NotBefore) / 5;
        return CredentialExpiry - _time.GetUtcNow() < (fifth < LongestWarning ? fifth : LongestWarning);
    }

    public void Dispose() => _channel.Dispose();
}
