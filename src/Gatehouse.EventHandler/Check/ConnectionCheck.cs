using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.State;
using Gatehouse.Hosting.Settings;
using Gatehouse.Hosting.Tls;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Check;

/// <summary>One thing looked at.</summary>
/// <param name="What">A word or two: <c>credential</c>, <c>cluster</c>, <c>audit log</c>, <c>recordings</c>, <c>locks</c>, <c>receiver</c>, <c>state</c>.</param>
/// <param name="Works">False when <c>start</c> would be in trouble.</param>
/// <param name="Text">What was found.</param>
public sealed record CheckFinding(string What, bool Works, string Text);

/// <summary>
/// Tries a plan without exporting anything: reads the credential, connects to the cluster, asks for one page of its log and for what else
/// the plan needs, connects to the receiver, and holds the start time against the state. Nothing is posted and no state is touched.
/// </summary>
public static class ConnectionCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>A refusal of our certificate under TLS 1.3 comes after the handshake; whoever is silent this long has let us in.</summary>
    private static readonly TimeSpan RefusalTime = TimeSpan.FromMilliseconds(500);

    public static async Task<IReadOnlyList<CheckFinding>> RunAsync(ExportPlan plan, ILoggerFactory logs, TimeProvider time, CancellationToken cancellation)
    {
        var findings = new List<CheckFinding>();
        if (CheckCredential(plan.Teleport, time, findings) is { } credentials)
            await CheckClusterAsync(plan, credentials, time, findings, cancellation);
        await CheckReceiversAsync(plan.Fluentd, logs, time, findings, cancellation);
        findings.Add(CheckState(plan, time));
        return findings;
    }

    private static CheckFinding CheckState(ExportPlan plan, TimeProvider time)
    {
        var directory = StateDirectory.PathFor(plan.Storage, plan.Teleport.Addr);
        var isNew = !Directory.Exists(directory);
        try
        {
            var state = isNew ? new HandlerState() : StateReport.Read(directory, time).State;
            // A dry run has a state of its own.
            return !plan.DryRun && StartTimeRule.Decide(state, plan.StartTime, time.GetUtcNow(), plan.Storage, plan.StartAfterId) is StartTimeDecision.Refuse refuse
                ? new CheckFinding("state", false, refuse.Message)
                : new CheckFinding("state", true, $"{directory} {(isNew ? "will be made" : "is there")}");
        }
        catch (StateException failure)
        {
            return new CheckFinding("state", false, failure.Message);
        }
    }

    private static CredentialSource? CheckCredential(TeleportPlan plan, TimeProvider time, List<CheckFinding> findings)
    {
        try
        {
            var source = plan.Identity is { } identity
                ? CredentialSource.FromIdentityFile(identity)
                : CredentialSource.FromKeyPair(plan.Cert!, plan.Key!, plan.Ca!);
            var current = source.Current;
            var valid = current.NotAfter > time.GetUtcNow();
            findings.Add(new CheckFinding("credential", valid, $"{source.Description}, {(valid ? "valid until" : "expired at")} {current.NotAfter:u}"));
            return valid ? source : null;
        }
        catch (CredentialException failure)
        {
            findings.Add(new CheckFinding("credential", false, failure.Message));
            return null;
        }
    }

    private static async Task CheckClusterAsync(
        ExportPlan plan, CredentialSource credentials, TimeProvider time, List<CheckFinding> findings, CancellationToken cancellation)
    {
        var dialer = new ClusterDialer(plan.Teleport.Addr, credentials, time);
        var what = "cluster";
        try
        {
            // Once alone: the dialer says best why nothing works.
            await (await dialer.ConnectAsync(cancellation)).DisposeAsync();
            using var channel = new GrpcChannel(new GrpcChannelOptions { Connect = dialer.ConnectAsync });
            var client = new AuditLogClient(channel, Patience);
            var ping = await client.PingAsync(cancellation);
            findings.Add(new CheckFinding(what, true, $"{ping.ClusterName} at {plan.Teleport.Addr}, Auth {ping.ServerVersion}, way: {dialer.Way}"));
            what = "audit log";
            var now = time.GetUtcNow();
            await client.SearchAsync(new EventSearch(now.AddMinutes(-1), now, plan.Types, 1, ""), cancellation);
            findings.Add(new CheckFinding(what, true, "may be read"));
            using var patience = new CancellationTokenSource(Patience, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
            what = "recordings";
            if (StreamsRecordings(plan))
                findings.Add(await RightsCheck.OfRecordingsAsync(client, both.Token));
            what = "locks";
            if (plan.Lock.Enabled && !plan.DryRun)
                findings.Add(await RightsCheck.OfLocksAsync(client, both.Token));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            findings.Add(new CheckFinding(what, false, $"no answer within {GoDuration.Format(Patience)}"));
        }
        catch (Exception failure) when (failure is DialException or GrpcException or CredentialException or IOException)
        {
            findings.Add(new CheckFinding(what, false, failure.Message));
        }
    }

    /// <summary>A recording is announced by its upload event.</summary>
    private static bool StreamsRecordings(ExportPlan plan) =>
        (plan.Types.Count == 0 || plan.Types.Contains("session.upload")) && !plan.SkipEventTypes.Contains("session.upload");

    private static async Task CheckReceiversAsync(
        FluentdPlan plan, ILoggerFactory logs, TimeProvider time, List<CheckFinding> findings, CancellationToken cancellation)
    {
        ClientTls tls;
        try
        {
            tls = new ClientTls(new TlsFiles(plan.Ca, plan.Cert, plan.Key, plan.KeyPassphrase), time, logs.CreateLogger("Gatehouse.EventHandler"));
        }
        catch (TlsFileException failure)
        {
            findings.Add(new CheckFinding("receiver", false, failure.Message));
            return;
        }
        Uri[] urls = [new(plan.Url), new($"{plan.SessionUrl}.check.log")];
        foreach (var url in urls.DistinctBy(url => url.GetLeftPart(UriPartial.Authority)))
            findings.Add(await CheckReceiverAsync(url, tls, time, cancellation));
    }

    private static async Task<CheckFinding> CheckReceiverAsync(Uri url, ClientTls tls, TimeProvider time, CancellationToken cancellation)
    {
        var shown = MaskedUrl.Of(url.GetLeftPart(UriPartial.Authority));
        using var patience = new CancellationTokenSource(Patience, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellation);
        try
        {
            using var tcp = new TcpClient();
            await tcp.ConnectAsync(url.Host, url.Port, both.Token);
            if (url.Scheme != Uri.UriSchemeHttps)
                return new CheckFinding("receiver", true, $"{shown} takes connections");
            await using var secured = await tls.AuthenticateAsync(tcp.GetStream(), url.IdnHost, [SslApplicationProtocol.Http11], both.Token);
            return await RefusedAsync(secured, time, both.Token) is { } refusal
                ? new CheckFinding("receiver", false, $"{shown}: {refusal}")
                : new CheckFinding("receiver", true, $"{shown} takes connections, {secured.SslProtocol}");
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new CheckFinding("receiver", false, $"{shown} does not answer within {GoDuration.Format(Patience)}");
        }
        catch (Exception failure) when (failure is SocketException or AuthenticationException or IOException)
        {
            return new CheckFinding("receiver", false, $"{shown}: {failure.Message}");
        }
    }

    private static async Task<string?> RefusedAsync(SslStream stream, TimeProvider time, CancellationToken cancellation)
    {
        using var wait = new CancellationTokenSource(RefusalTime, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(wait.Token, cancellation);
        try
        {
            return await stream.ReadAsync(new byte[1], both.Token) == 0 ? "the connection is closed right after the handshake" : null;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return null;
        }
        catch (IOException failure)
        {
            return $"refuses us: {failure.InnerException?.Message ?? failure.Message}";
        }
    }
}
