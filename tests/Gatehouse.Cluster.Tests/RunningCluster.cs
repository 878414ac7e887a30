using System.Net;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Cluster.Auth;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.Cluster.Tests;

/// <summary>An auth service in this process, with a data directory of its own.</summary>
internal sealed class RunningCluster : IAsyncDisposable
{
    public const string Name = "example.test";
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _process;

    private RunningCluster(string dataDir, IPEndPoint address, Task process, CancellationTokenSource stop) =>
        (DataDir, Address, _process, _stop) = (dataDir, address, process, stop);

    public string DataDir { get; }
    public IPEndPoint Address { get; }

    public static async Task<RunningCluster> StartAsync(string dataDir, TimeProvider? time = null)
    {
        var stop = new CancellationTokenSource();
        var ready = new TaskCompletionSource<IPEndPoint>(TaskCreationOptions.RunContinuationsAsynchronously);
        var plan = new ClusterPlan { DataDir = dataDir, AuthAddr = "127.0.0.1:0", ClusterName = Name, Ready = ready.SetResult };
        // Short times, so that tests that wait for a chunk wait for little.
        var options = new EventLogOptions { SealAfter = TimeSpan.FromMilliseconds(200), Tick = TimeSpan.FromMilliseconds(50) };
        var process = ClusterProcess.RunAsync(plan, options, time ?? TimeProvider.System, NullLoggerFactory.Instance, stop.Token);
        await await Task.WhenAny(ready.Task, process);
        return new RunningCluster(dataDir, await ready.Task, process, stop);
    }

    /// <summary>Signs an identity file for a user with these roles.</summary>
    public Task<string> IdentityAsync(string user, params string[] roles) => SignAsync(DataDir, user, CredentialFormat.File, roles);

    /// <summary>Signs key, certificate and CAs; returns what their names begin with.</summary>
    public Task<string> KeyPairAsync(string user, params string[] roles) => SignAsync(DataDir, user, CredentialFormat.Tls, roles);

    public static async Task<string> SignAsync(string dataDir, string user, CredentialFormat format, params string[] roles)
    {
        var path = Path.Combine(Path.GetDirectoryName(dataDir)!, $"{user}-{Guid.NewGuid():N}");
        await AuthSign.RunAsync(
            new SignRequest { DataDir = dataDir, User = user, Out = path, Format = format, Roles = roles, ClusterName = Name }, TimeProvider.System, default);
        return path;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _process;
        _stop.Dispose();
    }
}
