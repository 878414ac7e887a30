using System.Net.Security;
using Gatehouse.Api.Credentials;

namespace Gatehouse.Api.Dialing;

/// <param name="Stream">The connection; null when the way failed.</param>
/// <param name="Reason">Why it failed; empty when it did not.</param>
internal sealed record DialOutcome(DialWay Way, Stream? Stream, string Reason, Met Met);

/// <summary>One attempt of one way, its failure turned into a value.</summary>
internal sealed class DialRun(DialWay way, ClusterAddress address, ClusterCredentials credentials, DialSettings settings, TimeProvider time)
{
    private readonly AuthTls _tls = new(credentials, time);
    private string _step = "connecting";
    private Met _met = Met.Nobody;

    /// <exception cref="OperationCanceledException">The caller's token; a timeout is an outcome.</exception>
    public async Task<DialOutcome> RunAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(settings.Attempt, time);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            return new DialOutcome(way, await ConnectAsync(linked.Token), "", Met.Cluster);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return Failed($"no answer within {settings.Attempt.TotalSeconds:0} s while {_step}");
        }
        catch (WayFailedException e)
        {
            return Failed(e.Message);
        }
        catch (IOException e)
        {
            return Failed($"the connection broke while {_step}: {e.Message}");
        }
    }

    private DialOutcome Failed(string reason) => new(way, null, reason, _tls.MetCluster ? Met.Cluster : _met);

    private async Task<Stream> ConnectAsync(CancellationToken cancellation)
    {
        var transport = await Transport.OpenAsync(address, settings, cancellation);
        try
        {
            _met = Met.Stranger;
            if (way == DialWay.ConnectionUpgrade)
            {
                _step = "asking the web listener for a connection upgrade";
                transport = await ConnectionUpgrade.OpenAsync(transport, address, settings, cancellation);
            }
            _step = "waiting for the TLS handshake";
            return way == DialWay.Direct
                ? await _tls.HandshakeAsync(transport, ServerNames.Cluster, ["h2"], cancellation)
                : await _tls.HandshakeAsync(
                    transport,
                    ServerNames.Sni(credentials.ClusterName),
                    [ServerNames.AuthProtocol(credentials.ClusterName), "h2"],
                    cancellation);
        }
        catch
        {
            await transport.DisposeAsync();
            throw;
        }
    }
}
