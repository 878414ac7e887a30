namespace Gatehouse.Api.Grpc;

/// <summary>How a channel reaches its peer and what it tolerates.</summary>
public sealed record GrpcChannelOptions
{
    /// <summary>Opens one connection that already speaks HTTP/2 (TLS done). Called again for each reconnect.</summary>
    public required Func<CancellationToken, ValueTask<Stream>> Connect { get; init; }

    /// <summary>The <c>:authority</c> of every call.</summary>
    public string Authority { get; init; } = "teleport.cluster.local";

    /// <summary>Request metadata <c>version</c> (semver without <c>v</c>); null leaves it out, which every server accepts (teleport-wire 3.2).</summary>
    public string? ClientVersion { get; init; }

    /// <summary>Largest message taken from the peer in bytes, after decompression. Pages hold 1 MiB of events, or one event that is larger.</summary>
    public int MaxReceiveBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>
    /// Bytes the peer may send ahead on each stream. It bounds the memory of a stream whose reader is slow; on long ways it grows by
    /// itself when the bandwidth asks for more.
    /// </summary>
    public int StreamWindowBytes { get; init; } = 512 * 1024;

    /// <summary>HTTP/2 PING interval; the real server punishes anything faster than 60 s (teleport-wire 3.1).</summary>
    public TimeSpan KeepAlive { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A connection whose PING is not answered for so long is given up.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Time for <see cref="Connect"/>; a call that waits for a connection longer ends as Unavailable.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The clock of deadlines.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
