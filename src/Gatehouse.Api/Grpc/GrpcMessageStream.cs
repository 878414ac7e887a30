using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace Gatehouse.Api.Grpc;

/// <summary>
/// Messages of a server stream, read the way of a channel reader: wait until at least one whole message is buffered, then take all
/// that are there without another await. A slow reader holds the peer back by HTTP/2 flow control. Not for concurrent use.
/// </summary>
public sealed class GrpcMessageStream : IAsyncDisposable
{
    private const int FirstBytes = 64 * 1024;

    /// <summary>A buffer that one large message left behind is given back above this size.</summary>
    private const int KeptBytes = 1024 * 1024;

    // Set once.
    private readonly HttpResponseMessage _response;
    private readonly Stream _body;
    private readonly GrpcConnection _connection;
    private readonly int _maxBytes;
    private readonly TimeProvider _time;
    private readonly string? _encoding;

    /// <summary>Runs only while more is waited for; kept from one wait to the next, so that waiting costs no allocation.</summary>
    private CancellationTokenSource? _silence;

    // What came and was not handed out yet lies in _buffer[_start.._end]; both arrays are rented.
    private byte[] _buffer = [];
    private int _start;
    private int _end;
    private byte[] _inflated = [];

    // The message TryRead hands out next, when there is one: _message bytes at _start, or the first _message bytes of _inflated.
    private bool _ready;
    private bool _isInflated;
    private int _message;
    private int _frame;

    private GrpcException? _failure;
    private bool _ended;
    private bool _disposed;

    internal GrpcMessageStream(HttpResponseMessage response, Stream body, GrpcConnection connection, int maxBytes, TimeProvider time)
    {
        _response = response;
        _body = body;
        _connection = connection;
        _maxBytes = maxBytes;
        _time = time;
        _encoding = response.Headers.TryGetValues("grpc-encoding", out var values) ? values.First() : null;
    }

    /// <summary>How long one wait for more may last; null for ever.</summary>
    internal TimeSpan? Patience { get; set; }

    /// <returns>True when <see cref="TryRead"/> has a message; false when the peer ended the stream with status OK.</returns>
    /// <exception cref="GrpcException">
    /// The stream ended with another status, the connection broke (Unavailable), or nothing came for too long (DeadlineExceeded).
    /// </exception>
    public ValueTask<bool> WaitToReadAsync(CancellationToken cancellation)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (TryPrepare())
            return ValueTask.FromResult(true);
        if (_failure is not null)
            return ValueTask.FromException<bool>(_failure);
        return _ended ? ValueTask.FromResult(false) : ReadOnAsync(cancellation);
    }

    /// <param name="message">The next message's bytes, valid until the next call on this object.</param>
    public bool TryRead(out ReadOnlySpan<byte> message)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        message = default;
        if (!TryPrepare())
            return false;
        message = _isInflated ? _inflated.AsSpan(0, _message) : _buffer.AsSpan(_start + GrpcWire.PrefixBytes, _message);
        _start += _frame;
        _ready = false;
        return true;
    }

    /// <summary>Cancels what is left of the call, so that the server does not keep streaming to nobody.</summary>
    public ValueTask DisposeAsync()
    {
        if (_disposed)
            return ValueTask.CompletedTask;
        _disposed = true;
        _response.Dispose();
        _connection.Release();
        _silence?.Dispose();
        Return(ref _buffer);
        Return(ref _inflated);
        return ValueTask.CompletedTask;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> ReadOnAsync(CancellationToken cancellation)
    {
        while (true)
        {
            MakeRoom();
            int read;
            try
            {
                if (Patience is { } patience)
                {
                    var silence = _silence ??= new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
                    using (cancellation.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), silence))
                    {
                        silence.CancelAfter(patience);
                        read = await _body.ReadAsync(_buffer.AsMemory(_end), silence.Token);
                    }
                }
                else
                {
                    read = await _body.ReadAsync(_buffer.AsMemory(_end), cancellation);
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                throw new OperationCanceledException(cancellation);
            }
            catch (OperationCanceledException surprise) when (_silence?.IsCancellationRequested is true)
            {
                throw _failure = new GrpcException(
                    GrpcStatus.DeadlineExceeded, FormattableString.Invariant($"the stream brought nothing for {Patience!.Value.TotalSeconds:0.###} s"), surprise);
            }
            catch (Exception failure) when (GrpcFailure.Recognizes(failure))
            {
                throw _failure = GrpcFailure.From(failure);
            }
            finally
            {
                EndSilence();
            }
            if (read == 0)
                return End();
            _end += read;
            if (TryPrepare())
                return true;
            if (_failure is not null)
                throw _failure;
        }
    }

    private void EndSilence()
    {
        if (_silence?.TryReset() is not false)
            return;
        _silence.Dispose();
        _silence = null;
    }

    /// <summary>The peer's status counts first: a proxy that cuts a message short may still say why.</summary>
    private bool End()
    {
        _ended = true;
        var outcome = GrpcOutcome.OfTrailers(_response);
        if (outcome.Status != GrpcStatus.Ok)
            throw _failure = outcome.ToException();
        if (_end > _start)
            throw _failure = new GrpcException(GrpcStatus.Internal, $"the stream ended inside a message, {_end - _start} bytes after its beginning");
        return false;
    }

    private bool TryPrepare()
    {
        if (_ready)
            return true;
        var buffered = _end - _start;
        if (buffered < GrpcWire.PrefixBytes || _failure is not null)
            return false;

        var flag = _buffer[_start];
        var length = BinaryPrimitives.ReadUInt32BigEndian(_buffer.AsSpan(_start + 1));
        if (flag > 1)
            return Fail(GrpcStatus.Internal, $"a message begins with the unknown flag {flag}");
        if (flag == 1 && _encoding is not "gzip")
            return Fail(GrpcStatus.Internal, _encoding is null or "identity" ? "a compressed message without grpc-encoding" : $"the unknown grpc-encoding {_encoding}");
        if (length > _maxBytes)
            return Fail(GrpcStatus.ResourceExhausted, $"a message of {length} bytes is over the limit of {_maxBytes}");
        if (buffered - GrpcWire.PrefixBytes < length)
            return false;

        _message = (int)length;
        _frame = GrpcWire.PrefixBytes + _message;
        _isInflated = flag == 1;
        if (_isInflated)
        {
            using var compressed = new MemoryStream(_buffer, _start + GrpcWire.PrefixBytes, _message, writable: false);
            _failure = GrpcGzip.Inflate(compressed, _maxBytes, ref _inflated, out _message);
        }
        return _ready = _failure is null;
    }

    private bool Fail(GrpcStatus status, string message)
    {
        _failure = new GrpcException(status, message);
        return false;
    }

    /// <summary>
    /// Moves the rest to the front and grows by doubling as bytes really arrive: the length a peer announces is a promise, not yet memory.
    /// </summary>
    private void MakeRoom()
    {
        var rest = _end - _start;
        if (rest == 0 && _buffer.Length > KeptBytes)
            Return(ref _buffer);
        if (_buffer.Length == 0)
            _buffer = ArrayPool<byte>.Shared.Rent(FirstBytes);
        else if (rest > _buffer.Length / 2)
            _buffer = GrpcGzip.Grow(_buffer, _start, rest);
        else if (_start > 0)
            _buffer.AsSpan(_start, rest).CopyTo(_buffer);
        _start = 0;
        _end = rest;
    }

    private static void Return(ref byte[] buffer)
    {
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }
}
