using System.Buffers;
using System.IO.Pipelines;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gatehouse.Api.Grpc;

/// <summary>A call on the server with both its directions; reads the one request message.</summary>
internal sealed class GrpcExchange(GrpcCall call, GrpcResponseStream response, int maxBytes)
{
    public GrpcCall Call { get; } = call;

    public GrpcResponseStream Response { get; } = response;

    /// <exception cref="GrpcException">No message, more than one, too large, or not what the method takes.</exception>
    public async Task<T> ReadRequestAsync<T>(MessageParser<T> parser)
        where T : IMessage<T>
    {
        // Our limit is the one that counts: it is answered as a status, Kestrel's by a reset.
        if (Call.Http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } kestrels)
            kestrels.MaxRequestBodySize = null;

        var body = Call.Http.Request.BodyReader;
        while (true)
        {
            var result = await body.ReadAsync(Call.Cancellation);
            var buffer = result.Buffer;
            if (TryTake(buffer, out var flag, out var message))
            {
                if (buffer.Length > GrpcWire.PrefixBytes + message.Length)
                    throw new GrpcException(GrpcStatus.Internal, "more than one request message");
                var request = Parse(parser, flag, message);
                body.AdvanceTo(buffer.End);
                return request;
            }
            if (result.IsCompleted)
                throw new GrpcException(GrpcStatus.Internal, buffer.IsEmpty ? "the request holds no message" : "the request ended inside its message");
            body.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private bool TryTake(ReadOnlySequence<byte> buffer, out byte flag, out ReadOnlySequence<byte> message)
    {
        message = default;
        var reader = new SequenceReader<byte>(buffer);
        if (!reader.TryRead(out flag) || !reader.TryReadBigEndian(out int signed))
            return false;
        var length = (uint)signed;
        if (flag > 1)
            throw new GrpcException(GrpcStatus.Internal, $"the request message begins with the unknown flag {flag}");
        if (length > maxBytes)
            throw new GrpcException(GrpcStatus.ResourceExhausted, $"received message larger than max ({length} vs. {maxBytes})");
        if (reader.Remaining < length)
            return false;
        message = reader.UnreadSequence.Slice(0, length);
        return true;
    }

    private T Parse<T>(MessageParser<T> parser, byte flag, ReadOnlySequence<byte> message)
        where T : IMessage<T>
    {
        try
        {
            return flag == 0 ? parser.ParseFrom(message) : ParseCompressed(parser, message);
        }
        catch (InvalidProtocolBufferException malformed)
        {
            throw new GrpcException(GrpcStatus.Internal, "the request is not a valid message: " + malformed.Message, malformed);
        }
    }

    private T ParseCompressed<T>(MessageParser<T> parser, ReadOnlySequence<byte> message)
        where T : IMessage<T>
    {
        var encoding = Call.Http.Request.Headers["grpc-encoding"].ToString();
        if (encoding is "" or "identity")
            throw new GrpcException(GrpcStatus.Internal, "a compressed request without grpc-encoding");
        if (encoding != "gzip")
        {
            Call.Http.Response.Headers["grpc-accept-encoding"] = GrpcWire.AcceptEncoding;
            throw new GrpcException(GrpcStatus.Unimplemented, $"the grpc-encoding {encoding} is not supported");
        }
        byte[] inflated = [];
        try
        {
            using var compressed = new MemoryStream(message.ToArray(), writable: false);
            if (GrpcGzip.Inflate(compressed, maxBytes, ref inflated, out var length) is { } failure)
                throw failure;
            return parser.ParseFrom(inflated.AsSpan(0, length));
        }
        finally
        {
            if (inflated.Length > 0)
                ArrayPool<byte>.Shared.Return(inflated);
        }
    }
}
