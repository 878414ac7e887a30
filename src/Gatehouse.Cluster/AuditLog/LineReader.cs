using System.Buffers;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>Lines of a stream as bytes, in one rented buffer. Line ends are LF or CRLF; the last line needs none.</summary>
internal sealed class LineReader(Stream stream, int maxLineBytes) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
    private int _start;
    private int _end;
    private bool _atEnd;

    /// <summary>The line, without its end; good until the next call. Only its beginning when <see cref="IsTooLong"/>.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>Number of the line, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Bytes of the stream up to the end of the line.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The line is longer than allowed; <see cref="CopyLineAsync"/> has all of it.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>What follows of a line that is too long is still in the stream.</summary>
    private bool _hasRest;

    /// <returns>False at the end of the stream.</returns>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellation)
    {
        if (_hasRest)
            await PassRestAsync(null, cancellation);
        IsTooLong = false;
        for (var searched = 0; ;)
        {
            var newline = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (newline >= 0)
                return Take(searched + newline, 1);
            searched = _end - _start;
            if (_atEnd)
                return searched > 0 && Take(searched, 0);
            if (searched > maxLineBytes)
                return TakeBeginning(searched);
            await FillAsync(cancellation);
        }
    }

    /// <summary>Writes the whole line, without its end, however long it is. Once for a line.</summary>
    public async ValueTask CopyLineAsync(Stream to, CancellationToken cancellation)
    {
        await to.WriteAsync(Line, cancellation);
        if (_hasRest)
            await PassRestAsync(to, cancellation);
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private bool Take(int length, int lineEnd)
    {
        Line = _buffer.AsMemory(_start, length);
        if (Line.Span is [.., (byte)'\r'])
            Line = Line[..^1];
        IsTooLong = length > maxLineBytes;
        _start += length + lineEnd;
        BytesRead += length + lineEnd;
        Number++;
        return true;
    }

    private bool TakeBeginning(int length)
    {
        Line = _buffer.AsMemory(_start, length);
        (IsTooLong, _hasRest) = (true, true);
        _start += length;
        BytesRead += length;
        Number++;
        return true;
    }

    private async ValueTask PassRestAsync(Stream? to, CancellationToken cancellation)
    {
        _hasRest = false;
        while (true)
        {
            var newline = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            var length = newline >= 0 ? newline : _end - _start;
            if (to is not null)
                await to.WriteAsync(_buffer.AsMemory(_start, length), cancellation);
            _start += newline >= 0 ? length + 1 : length;
            BytesRead += newline >= 0 ? length + 1 : length;
            if (newline >= 0 || _atEnd)
                return;
            await FillAsync(cancellation);
        }
    }

    private async ValueTask FillAsync(CancellationToken cancellation)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        if (_end == _buffer.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(_buffer.Length * 2);
            _buffer.AsSpan(0, _end).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }
        var read = await stream.ReadAsync(_buffer.AsMemory(_end), cancellation);
        _end += read;
        _atEnd = read == 0;
    }
}
