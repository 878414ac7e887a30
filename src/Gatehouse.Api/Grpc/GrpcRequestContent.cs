using System.Net;
using Google.Protobuf;

namespace Gatehouse.Api.Grpc;

/// <summary>One message as a request body. Its length is not announced, as gRPC clients do not either; it can be sent again after a refused stream.</summary>
internal sealed class GrpcRequestContent : HttpContent
{
    private readonly byte[] _frame;

    public GrpcRequestContent(IMessage message)
    {
        var size = message.CalculateSize();
        _frame = new byte[GrpcWire.PrefixBytes + size];
        GrpcWire.WritePrefix(_frame, size);
        message.WriteTo(_frame.AsSpan(GrpcWire.PrefixBytes));
        Headers.TryAddWithoutValidation("content-type", GrpcWire.ContentType);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(_frame).AsTask();

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        stream.WriteAsync(_frame, cancellationToken).AsTask();

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
