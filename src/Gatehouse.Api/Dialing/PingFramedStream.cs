using System.Buffers;
using System.Buffers.Binary;

namespace Gatehouse.Api.Dialing;

/// <summary>
/// The framing <c>alpn-ping</c> of old proxies: each packet is a length (32 bits, big endian) and as many bytes; length 0 only keeps the
/// connection alive. Packets carry no meaning of their own, so they are read as one stream. Owns the inner stream.
/// </summary>
internal sealed class PingFramedStream(Stream inner) : Stream
{
    private readonly byte[] _header = new byte[4];
    private long _remaining;

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return await inner.ReadAsync(buffer, cancellationToken);
        while (_remaining == 0)
        {
            var got = await inner.ReadAtLeastAsync(_header, _header.Length, throwOnEndOfStream: false, cancellationToken);
            if (got == 0)
                return 0;
            if (got < _header.Length)
                throw new EndOfStreamException("the connection ended inside a packet header");
            _remaining = BinaryPrimitives.ReadUInt32BigEndian(_header);
        }
        var read = await inner.ReadAsync(buffer[..(int)Math.Min(_remaining, buffer.Length)], cancellationToken);
        if (read == 0)
            throw new EndOfStreamException("the connection ended inside a packet");
        _remaining -= read;
        return read;
    }

    /// <summary>One packet a write, header and data in one piece so that they share a TLS record.</summary>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
            return;
        var packet = ArrayPool<byte>.Shared.Rent(buffer.Length + 4);
        try
        {
            BinaryPrimitives.WriteInt32BigEndian(packet, buffer.Length);
            buffer.CopyTo(packet.AsMemory(4));
            await inner.WriteAsync(packet.AsMemory(0, buffer.Length + 4), cancellationToken);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(packet);
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("asynchronous only");

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException("asynchronous only");

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override async ValueTask DisposeAsync()
    {
        await inner.DisposeAsync();
        await base.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }
}
