namespace Gatehouse.Api.Grpc;

/// <summary>
/// Messages of a server stream, read the way of a channel reader: wait until at least one whole message is buffered, then take all
/// that are there without another await. A slow reader holds the peer back by HTTP/2 flow control.
/// </summary>
public sealed class GrpcMessageStream : IAsyncDisposable
{
    /// <returns>True when <see cref="TryRead"/> has a message; false when the peer ended the stream with status OK.</returns>
    /// <exception cref="GrpcException">The stream ended with another status or the connection broke (Unavailable).</exception>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation) => throw new NotImplementedException();

    /// <param name="message">The next message's bytes, valid until the next call on this object.</param>
    public bool TryRead(out ReadOnlySpan<byte> message) => throw new NotImplementedException();

    /// <summary>Cancels what is left of the call, so that the server does not keep streaming to nobody.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
