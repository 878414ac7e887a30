using Gatehouse.Api.Credentials;

namespace Gatehouse.Api.Dialing;

/// <summary>
/// Finds a way to Auth from one configured address (teleport-wire 2): direct, through a proxy by TLS routing, or through an L7 load
/// balancer by connection upgrade. Remembers the way that worked.
/// </summary>
public sealed class ClusterDialer(string address, CredentialSource credentials, TimeProvider time)
{
    public string Address { get; } = address;

    public CredentialSource Credentials { get; } = credentials;

    /// <summary>The way of the last connection in words ("direct", "TLS routing", "connection upgrade"); null before the first.</summary>
    public string? Way => throw new NotImplementedException();

    /// <summary>Opens a TLS stream to Auth that speaks HTTP/2; suits <see cref="Grpc.GrpcChannelOptions.Connect"/>.</summary>
    /// <exception cref="DialException">No way worked; lists each with its reason.</exception>
    public ValueTask<Stream> ConnectAsync(CancellationToken cancellation) => throw new NotImplementedException(time.ToString());
}

/// <param name="Attempts">Each way tried and why it failed.</param>
public sealed class DialException(string message, IReadOnlyList<DialAttempt> attempts) : Exception(message)
{
    public IReadOnlyList<DialAttempt> Attempts { get; } = attempts;
}

public sealed record DialAttempt(string Way, string Reason);
