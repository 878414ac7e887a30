using System.Net;
using System.Net.Sockets;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>One request to a server, frame by frame, and the frames that answer it.</summary>
internal static class RawHttp2Call
{
    public static async Task<List<Frame>> SendAsync(int port, string path, byte[] body, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port, cancellation);
        var stream = client.GetStream();
        await stream.WriteAsync(Http2Wire.Preface.ToArray(), cancellation);
        using var wire = new Http2Wire(stream);
        await wire.WriteAsync(FrameType.Settings, 0, 0, []);
        await wire.WriteHeadersAsync(
            1,
            false,
            (":method", "POST"),
            (":scheme", "http"),
            (":path", path),
            (":authority", "teleport.cluster.local"),
            ("content-type", "application/grpc"),
            ("te", "trailers"));
        await wire.WriteAsync(FrameType.Data, 1, 1, body);

        var answer = new List<Frame>();
        while (await wire.ReadAsync(cancellation) is { } frame)
        {
            if (frame is { Type: FrameType.Settings, Flags: 0 })
                await wire.WriteAsync(FrameType.Settings, 1, 0, []);
            if (frame.Stream != 1 || frame.Type == FrameType.WindowUpdate)
                continue;
            answer.Add(frame);
            if (frame.EndsStream)
                break;
        }
        return answer;
    }
}
