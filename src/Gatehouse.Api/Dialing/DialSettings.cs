using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Dialing;

/// <summary>What a test must be able to bend: environment, trust of web listeners, times.</summary>
internal sealed record DialSettings
{
    public Func<string, string?> Environment { get; init; } = System.Environment.GetEnvironmentVariable;

    /// <summary>Roots for connections that end at a web listener; null for the system's (and SSL_CERT_FILE).</summary>
    public X509Certificate2Collection? WebRoots { get; init; }

    /// <summary>Everything together; upstream's dial timeout.</summary>
    public TimeSpan Total { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>One way, so that a silent one leaves time for the next.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a winner waits for the plainer way.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The question whether a connection upgrade is needed (teleport-wire 2.7).</summary>
    public TimeSpan Probe { get; init; } = TimeSpan.FromSeconds(5);
}
