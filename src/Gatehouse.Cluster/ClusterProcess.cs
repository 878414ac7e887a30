using System.Net;
using System.Net.Sockets;
using Gatehouse.Api.Grpc;
using Gatehouse.Cluster.Auth;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Cluster.Services;
using Gatehouse.Cluster.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cluster;

/// <summary>
/// The auth service as a process:
/// <list type="number">
/// <item>take the data directory for itself,</item>
/// <item>read or make name, authorities and server certificate,</item>
/// <item>open the audit log, seal what a crash left, take over what other commands handed in,</item>
/// <item>listen, say so, and serve until told to stop,</item>
/// <item>let calls end, seal the log.</item>
/// </list>
/// </summary>
public static class ClusterProcess
{
    /// <summary>Time for running calls at the end. Exporters resume where they were, so it is short.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Serves until <paramref name="cancellation"/>.</summary>
    /// <exception cref="ClusterException">The data directory or the address cannot be used; the message is for the operator.</exception>
    public static Task RunAsync(ClusterPlan plan, ILoggerFactory loggers, CancellationToken cancellation) =>
        RunAsync(plan, new EventLogOptions(), TimeProvider.System, loggers, cancellation);

    internal static async Task RunAsync(ClusterPlan plan, EventLogOptions options, TimeProvider time, ILoggerFactory loggers, CancellationToken cancellation)
    {
        var logger = loggers.CreateLogger("Gatehouse.Cluster");
        var address = ListenAddress.Parse(plan.AuthAddr);
        // 1.
        var data = DataDirectory.Open(plan.DataDir);
        await using var only = DataDirectory.TryLock(data.File("gatehouse.lock"))
            ?? throw new ClusterException($"{data.Root} is in use by another auth service");
        // 2.
        var cluster = ClusterIdentity.LoadOrCreate(data, plan.ClusterName);
        using var authorities = await Authorities.LoadOrCreateAsync(data, cluster.Name, time, cancellation);
        using var certificate = HostCertificate.LoadOrIssue(data, cluster, authorities, address.Host, time.GetUtcNow());
        // 3.
        var locks = LockStore.Open(data, time);
        await using var log = EventLog.Open(data, options, time, loggers);
        Disk.RemoveUnfinished(data.Recordings, time.GetUtcNow());
        var registry = new Registry(data, logger);
        // A file that cannot be read stops the start; later it only keeps the old state.
        _ = registry.RoleNames;
        // 4.
        var refused = new RefusedLogins(cluster, log, time, logger);
        var gate = new Gate(cluster, registry, locks, refused, time);
        var server = new GrpcServer { ServerVersion = AuthService.ApiVersion };
        new AuthService(cluster, gate, locks, log, time).Register(server);
        new AuditLogService(cluster, gate, log, new RecordingStore(data), time).Register(server);
        var webLoggers = new WarningsOnly(loggers);
        await using var web = Listen(address, new ClientVerification(authorities, certificate, refused), server, webLoggers);
        try
        {
            await web.StartAsync(cancellation);
        }
        catch (Exception error) when (error is IOException or SocketException)
        {
            throw new ClusterException($"cannot listen on {plan.AuthAddr}: {error.InnerException?.Message ?? error.Message}", error);
        }
        webLoggers.Started();
        var bound = BoundAddress(web, address);
        Log.Listening(logger, cluster.Name, bound.ToString());
        plan.Ready?.Invoke(bound);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellation.Register(stopped.SetResult))
            await stopped.Task;
        // 5.
        await web.StopAsync(CancellationToken.None);
        Log.Stopped(logger);
    }

    private static WebApplication Listen(ListenAddress address, ClientVerification verification, GrpcServer server, WarningsOnly loggers)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = StopTimeout);
        builder.Services.AddSingleton<IHostLifetime, OwnerDecides>();
        builder.Services.AddSingleton<ILoggerFactory>(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.UseGrpcLimits();
            void Configure(ListenOptions listen)
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(new TlsHandshakeCallbackOptions
                {
                    HandshakeTimeout = TimeSpan.FromSeconds(10),
                    OnConnection = context => ValueTask.FromResult(verification.OptionsFor(context.Connection)),
                });
            }
            if (address.IsLocalhost && address.Port != 0)
                kestrel.ListenLocalhost(address.Port, Configure);
            else
                kestrel.Listen(address.Ip, address.Port, Configure);
        });
        var web = builder.Build();
        server.Map(web);
        return web;
    }

    private static IPEndPoint BoundAddress(WebApplication web, ListenAddress asked)
    {
        var bound = web.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        return new IPEndPoint(asked.Ip, new Uri(bound.Replace("[::]", "localhost", StringComparison.Ordinal)).Port);
    }
}
