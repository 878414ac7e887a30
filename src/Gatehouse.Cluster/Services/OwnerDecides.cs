using Microsoft.Extensions.Hosting;

namespace Gatehouse.Cluster.Services;

/// <summary>
/// Keeps the web host's hands off signals: when the process ends is its owner's business, who gives a token. Without this the host would
/// swallow TERM and INT.
/// </summary>
internal sealed class OwnerDecides : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
