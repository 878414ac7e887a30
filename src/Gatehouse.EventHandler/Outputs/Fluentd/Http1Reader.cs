using System.Buffers.Text;
using System.Text;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// Reads answers from an HTTP/1.1 connection (RFC 9112), in bounded memory. The body of an answer decides nothing, but a connection
/// whose answer was not read to the end cannot be kept (upstream pays a TLS handshake per event for that).
/// </summary>
internal sealed class Http1Reader(Stream stream)
{
    private const int MaxHeadBytes = 64 * 1024;

    /// <summary>A longer body is cheaper thrown away with the connection.</summary>
    private const int MaxBodyBytes = 64 * 1024;

    private const int ExcerptBytes = 300;

    private byte[] _buffer = new byte[2048];
    private int _from;
    private int _to;

    /// <summary>Whether everything that came was part of an answer.</summary>
    public bool IsEmpty => _from == _to;

    private Span<byte> Unread => _buffer.AsSpan(_from, _to - _from);

    /// <returns>The head of the final answer; interim ones (1xx) are passed over.</returns>
    public async ValueTask<Http1AnswerHead> ReadHeadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var length = Http1AnswerHead.FindEnd(Unread);
            if (length > 0)
            {
                var head = Http1AnswerHead.Parse(Unread[..length]) ?? throw NotHttp();
                _from += length;
                if (head.Status >= 200)
                    return head;
                continue;
            }
            if (Unread.Length >= MaxHeadBytes || !Http1AnswerHead.CanBegin(Unread))
                throw NotHttp();
            if (!await FillAsync(cancellation))
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection was closed without an answer");
        }
    }

    /// <returns>Whether the body was read to its end, and its first words if it is an error's. Trouble on the way is just no end.</returns>
    public async ValueTask<(bool Whole, string Excerpt)> ReadBodyAsync(Http1AnswerHead head, CancellationToken cancellation)
    {
        var excerpt = head.Status < 300 || head.IsEncoded ? null : new MemoryStream(ExcerptBytes);
        var whole = false;
        try
        {
            whole = head.IsChunked ? await SkipChunksAsync(excerpt, cancellation)
                : head.ContentLength is { } length ? length <= MaxBodyBytes && await SkipAsync((int)length, excerpt, cancellation)
                // Without a length the body ends with the connection, so there is nothing to keep and only an error's words to read.
                : excerpt is not null && !await SkipAsync(ExcerptBytes, excerpt, cancellation) && false;
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The status stands, whatever became of the text behind it.
        }
        return (whole, excerpt is null ? "" : OneLine(excerpt.GetBuffer().AsSpan(0, (int)excerpt.Length)));
    }

    /// <summary>RFC 9112 7.1.</summary>
    private async ValueTask<bool> SkipChunksAsync(MemoryStream? excerpt, CancellationToken cancellation)
    {
        for (var total = 0; total <= MaxBodyBytes;)
        {
            if (await ReadLineAsync(cancellation) is not { } line || !Utf8Parser.TryParse(line, out int size, out _, 'x') || size < 0 || size > MaxBodyBytes)
                return false;
            if (size == 0)
            {
                while (await ReadLineAsync(cancellation) is { } trailer)
                {
                    if (trailer.Length == 0)
                        return true;
                }
                return false;
            }
            if (!await SkipAsync(size, excerpt, cancellation) || await ReadLineAsync(cancellation) is not { Length: 0 })
                return false;
            total += size;
        }
        return false;
    }

    private async ValueTask<bool> SkipAsync(int count, MemoryStream? excerpt, CancellationToken cancellation)
    {
        while (count > 0)
        {
            if (IsEmpty && !await FillAsync(cancellation))
                return false;
            var part = Math.Min(count, _to - _from);
            if (excerpt is not null)
                excerpt.Write(Unread[..Math.Min(part, ExcerptBytes - (int)excerpt.Length)]);
            _from += part;
            count -= part;
        }
        return true;
    }

    private async ValueTask<byte[]?> ReadLineAsync(CancellationToken cancellation)
    {
        while (true)
        {
            var end = Unread.IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Unread[..end].TrimEnd((byte)'\r').ToArray();
                _from += end + 1;
                return line;
            }
            if (Unread.Length > 1024 || !await FillAsync(cancellation))
                return null;
        }
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellation)
    {
        if (IsEmpty)
            _from = _to = 0;
        if (_to == _buffer.Length)
        {
            var target = _from > 0 ? _buffer : new byte[_buffer.Length * 2];
            Unread.CopyTo(target);
            (_buffer, _to, _from) = (target, _to - _from, 0);
        }
        var read = await stream.ReadAsync(_buffer.AsMemory(_to), cancellation);
        _to += read;
        return read > 0;
    }

    private static HttpRequestException NotHttp() => new(HttpRequestError.InvalidResponse, "the answer is not HTTP");

    private static string OneLine(ReadOnlySpan<byte> bytes) => AnswerBody.OneLine(Encoding.UTF8.GetString(bytes));
}
