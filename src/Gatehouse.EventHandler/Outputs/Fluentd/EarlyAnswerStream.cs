namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// An HTTP/1.1 connection whose failed writes are not the end of the story. A receiver that finds a request too large answers 413
/// and closes without reading the rest (Fluentd does): our write then fails while the answer already lies in the receive buffer. Such
/// a failure is kept to itself, and the read that follows gets either the answer or the same error.
/// </summary>
internal sealed class EarlyAnswerStream(Stream inner) : Stream
{
    private bool _broken;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_broken)
            return default;
        var write = inner.WriteAsync(buffer, cancellationToken);
        return write.IsCompletedSuccessfully ? default : Finish(write);
    }

    public override Task FlushAsync(CancellationToken cancellationToken)
    {
        if (_broken)
            return Task.CompletedTask;
        var flush = inner.FlushAsync(cancellationToken);
        return flush.IsCompletedSuccessfully ? flush : Finish(new ValueTask(flush)).AsTask();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.ReadAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.ReadAsync(buffer, offset, count, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override int Read(Span<byte> buffer) => inner.Read(buffer);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Flush() => inner.Flush();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            inner.Dispose();
        base.Dispose(disposing);
    }

    private async ValueTask Finish(ValueTask operation)
    {
        try
        {
            await operation;
        }
        catch (IOException)
        {
            _broken = true;
        }
    }
}
