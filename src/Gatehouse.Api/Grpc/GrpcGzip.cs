using System.Buffers;
using System.IO.Compression;

namespace Gatehouse.Api.Grpc;

/// <summary>Inflates one message, bounded: a few bytes of gzip can claim gigabytes.</summary>
internal static class GrpcGzip
{
    private const int FirstBytes = 64 * 1024;

    /// <param name="buffer">A rented array or an empty one; replaced by a larger rented one when needed. The caller gives it back.</param>
    /// <returns>Null, or why there is no message.</returns>
    public static GrpcException? Inflate(Stream compressed, int limit, ref byte[] buffer, out int length)
    {
        length = 0;
        try
        {
            using var gzip = new GZipStream(compressed, CompressionMode.Decompress);
            while (true)
            {
                if (length == buffer.Length)
                    buffer = Grow(buffer, 0, length);
                var read = gzip.Read(buffer, length, buffer.Length - length);
                if (read == 0)
                    return null;
                length += read;
                if (length > limit)
                    return new GrpcException(GrpcStatus.ResourceExhausted, $"a compressed message holds more than the limit of {limit} bytes");
            }
        }
        catch (InvalidDataException malformed)
        {
            return new GrpcException(GrpcStatus.Internal, "a compressed message is not valid gzip", malformed);
        }
    }

    /// <summary>A larger rented array that begins with the used bytes, wherever in the old one they lay.</summary>
    public static byte[] Grow(byte[] buffer, int start, int used)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstBytes, buffer.Length * 2));
        buffer.AsSpan(start, used).CopyTo(larger);
        if (buffer.Length > 0)
            ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
