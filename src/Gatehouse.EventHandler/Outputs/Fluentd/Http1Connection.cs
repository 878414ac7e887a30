using System.Net.Security;
using System.Net.Sockets;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// One HTTP/1.1 connection, one request at a time. Own code because a request is all there is to do here: the framework's client
/// spends four times as much on one, orders headers its own way, and does not hear an answer that came before the body was sent.
/// </summary>
/// <remarks>Lent by the pool to one request at a time; whoever has it may use it, and only they.</remarks>
internal sealed class Http1Connection(Stream stream, Socket socket, long opened) : IDisposable
{
    /// <summary>Head and body go out in one write up to this: one packet, one TLS record.</summary>
    private const int OneWriteBytes = 16 * 1024;

    private readonly byte[] _out = new byte[OneWriteBytes];
    private readonly Http1Reader _reader = new(stream);

    /// <summary>Time stamp of the connect.</summary>
    public long Opened => opened;

    /// <summary>Time stamp of its return to the pool.</summary>
    public long IdleSince { get; set; }

    /// <summary>Whether another request may be sent: the last answer was read to its end and the peer keeps the connection.</summary>
    public bool IsReusable { get; private set; }

    /// <summary>Whether the peer has closed, or said something unasked, since the last answer.</summary>
    public bool HasNews
    {
        get
        {
            try
            {
                return socket.Poll(0, SelectMode.SelectRead);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return true;
            }
        }
    }

    /// <param name="head">Head of the request.</param>
    /// <param name="body">The document, or the inside of the array.</param>
    /// <param name="array">Whether to put brackets around it.</param>
    /// <param name="deadline">Ends the request; shortened to <paramref name="bodyTimeout"/> once the status is known.</param>
    /// <param name="bodyTimeout">Most time for the rest of the answer.</param>
    /// <exception cref="HttpRequestException">No answer, or none that is HTTP.</exception>
    /// <exception cref="OperationCanceledException"><paramref name="deadline"/> fired.</exception>
    public async ValueTask<Answer> SendAsync(RequestHead head, ReadOnlyMemory<byte> body, bool array, CancellationTokenSource deadline, TimeSpan bodyTimeout)
    {
        IsReusable = false;
        Http1AnswerHead answer;
        bool sent;
        if (FitsOneWrite(head, body, array))
        {
            var failure = await WriteAsync(head, body, array, deadline.Token);
            sent = failure is null;
            try
            {
                answer = await _reader.ReadHeadAsync(deadline.Token);
            }
            catch (IOException e)
            {
                throw Broken(e, failure);
            }
        }
        else
        {
            (answer, sent) = await SpeakAndListenAsync(head, body, array, deadline.Token);
        }
        if (!sent && answer.Status < 300)
            throw new HttpRequestException(HttpRequestError.Unknown, $"the receiver answered {answer.Status} without having read the whole request");
        var excerpt = "";
        var whole = answer.HasNoBody;
        if (!whole)
        {
            deadline.CancelAfter(bodyTimeout);
            (whole, excerpt) = await _reader.ReadBodyAsync(answer, deadline.Token);
        }
        IsReusable = whole && sent && answer.KeepsConnection && _reader.IsEmpty;
        return new Answer(answer.Status, answer.RetryAfter, answer.Location, excerpt);
    }

    public void Dispose()
    {
        // TLS wants a closing word, else Fluentd warns of an unexpected end. An idle socket has room for it, so this does not wait;
        // a socket without room has a peer that does not listen.
        if (IsReusable && stream is SslStream tls)
            _ = SayGoodbyeAsync(tls);
        stream.Dispose();
    }

    private static async Task SayGoodbyeAsync(SslStream tls)
    {
        try
        {
            await tls.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // The peer closed first.
        }
    }

    /// <summary>
    /// For a request of several writes: an answer that refuses ends the writing of a body whose receiver may never read the rest, nor
    /// close. One of success before the body's end says nothing about that end, so the writing goes on.
    /// </summary>
    /// <returns>The answer, and whether all of the request was sent. Nobody reads <paramref name="body"/> any more.</returns>
    private async ValueTask<(Http1AnswerHead Answer, bool Sent)> SpeakAndListenAsync(
        RequestHead head, ReadOnlyMemory<byte> body, bool array, CancellationToken cancellation)
    {
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var writing = WriteAsync(head, body, array, enough.Token).AsTask();
        var reading = _reader.ReadHeadAsync(cancellation).AsTask();
        if (await Task.WhenAny(writing, reading) == reading && !(reading.IsCompletedSuccessfully && reading.Result.Status < 300))
            await enough.CancelAsync();
        await ((Task)writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        var failure = writing.IsCanceled ? null : await writing;
        try
        {
            return (await reading, failure is null && !writing.IsCanceled);
        }
        catch (IOException e)
        {
            throw Broken(e, failure);
        }
    }

    private static HttpRequestException Broken(IOException reading, IOException? writing) =>
        new(HttpRequestError.Unknown, reading.Message, writing ?? reading);

    private static bool FitsOneWrite(RequestHead head, ReadOnlyMemory<byte> body, bool array) =>
        head.MaxLength + body.Length + (array ? 2 : 0) <= OneWriteBytes;

    /// <summary>
    /// A receiver that finds a request too large answers 413 and closes without reading the rest (Fluentd does): the write fails while
    /// the answer lies in the receive buffer. So a failed write is only remembered; the read that follows decides.
    /// </summary>
    private async ValueTask<IOException?> WriteAsync(RequestHead head, ReadOnlyMemory<byte> body, bool array, CancellationToken cancellation)
    {
        try
        {
            var brackets = array ? 2 : 0;
            var whole = FitsOneWrite(head, body, array);
            // A head longer than the buffer is a user's enormous token; it gets a buffer of its own.
            var buffer = head.MaxLength + brackets <= OneWriteBytes ? _out : new byte[head.MaxLength + brackets];
            var length = head.Write(buffer, body.Length + brackets);
            if (array)
                buffer[length++] = (byte)'[';
            if (whole)
            {
                body.Span.CopyTo(buffer.AsSpan(length));
                length += body.Length;
                if (array)
                    buffer[length++] = (byte)']';
            }
            await stream.WriteAsync(buffer.AsMemory(0, length), cancellation);
            if (!whole)
            {
                await stream.WriteAsync(body, cancellation);
                if (array)
                {
                    buffer[0] = (byte)']';
                    await stream.WriteAsync(buffer.AsMemory(0, 1), cancellation);
                }
            }
            return null;
        }
        catch (IOException e)
        {
            return e;
        }
    }
}
