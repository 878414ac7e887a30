using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Api.Grpc;

/// <summary>
/// Where a streaming handler writes. Not for concurrent use. Messages are sent together when enough is buffered and at the end of the
/// call; a handler that waits for something else in between calls <see cref="FlushAsync"/> first.
/// </summary>
public sealed class GrpcResponseStream
{
    /// <summary>Two full HTTP/2 frames: fewer bytes a flush cost more in system calls than they gain in time.</summary>
    private const int FlushBytes = 32 * 1024;

    private readonly HttpContext _http;
    private readonly PipeWriter _writer;
    private int _unflushed;
    private bool _begun;

    internal GrpcResponseStream(HttpContext http)
    {
        _http = http;
        _writer = http.Response.BodyWriter;
    }

    internal CancellationToken Cancellation { get; set; }

    public ValueTask WriteAsync(IMessage message)
    {
        Append(message);
        return _unflushed < FlushBytes ? ValueTask.CompletedTask : FlushAsync();
    }

    /// <summary>Writes a message that is already protobuf bytes. Flushes when enough is buffered and at the end of the call, or call <see cref="FlushAsync"/>.</summary>
    public ValueTask WriteBytesAsync(ReadOnlyMemory<byte> message)
    {
        Append(message.Span);
        return _unflushed < FlushBytes ? ValueTask.CompletedTask : FlushAsync();
    }

    /// <summary>
    /// Writes bytes of messages that carry their gRPC prefix already, as they lie in a file. They may end in the middle of a message as long as
    /// the rest follows.
    /// </summary>
    public ValueTask WriteFramesAsync(ReadOnlyMemory<byte> frames)
    {
        _writer.Write(frames.Span);
        Count(frames.Length);
        return _unflushed < FlushBytes ? ValueTask.CompletedTask : FlushAsync();
    }

    /// <summary>Sends what is buffered, and the response headers when they have not been; waits while the client takes nothing.</summary>
    /// <exception cref="OperationCanceledException">The client left, the deadline passed or the server stops.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync()
    {
        _begun = true;
        _unflushed = 0;
        var result = await _writer.FlushAsync(Cancellation);
        if (result.IsCompleted)
            throw new OperationCanceledException("the client left");
    }

    internal void Append(IMessage message)
    {
        var size = message.CalculateSize();
        var frame = _writer.GetSpan(GrpcWire.PrefixBytes + size)[..(GrpcWire.PrefixBytes + size)];
        GrpcWire.WritePrefix(frame, size);
        message.WriteTo(frame[GrpcWire.PrefixBytes..]);
        _writer.Advance(frame.Length);
        Count(frame.Length);
    }

    internal void Append(ReadOnlySpan<byte> message)
    {
        GrpcWire.WritePrefix(_writer.GetSpan(GrpcWire.PrefixBytes), message.Length);
        _writer.Advance(GrpcWire.PrefixBytes);
        _writer.Write(message);
        Count(GrpcWire.PrefixBytes + message.Length);
    }

    /// <summary>The status: in the trailers, or as the only HEADERS frame when nothing was written.</summary>
    internal void End(GrpcStatus status, string message)
    {
        var number = ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var encoded = GrpcWire.EncodeMessage(message);
        if (_begun)
        {
            _http.Response.AppendTrailer("grpc-status", number);
            if (encoded.Length > 0)
                _http.Response.AppendTrailer("grpc-message", encoded);
            return;
        }
        _http.Response.Headers["grpc-status"] = number;
        if (encoded.Length > 0)
            _http.Response.Headers["grpc-message"] = encoded;
    }

    private void Count(int bytes)
    {
        _begun = true;
        _unflushed += bytes;
    }
}
