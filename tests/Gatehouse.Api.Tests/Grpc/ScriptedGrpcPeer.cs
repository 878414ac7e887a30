using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Gatehouse.Api.Tests.Grpc;

/// <summary>A server at the level of frames: for each request that came whole it plays the script. What it hears apart from requests can be waited for.</summary>
internal sealed class ScriptedGrpcPeer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<ScriptedCall, Task> _script;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _accepting;
    private readonly Channel<Frame> _heard = Channel.CreateUnbounded<Frame>();

    public ScriptedGrpcPeer(Func<ScriptedCall, Task> script)
    {
        _script = script;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections { get; private set; }

    /// <summary>Whether pings are answered.</summary>
    public bool Alive { get; init; } = true;

    public async Task<Frame> HearAsync(FrameType type, CancellationToken cancellation)
    {
        await foreach (var frame in _heard.Reader.ReadAllAsync(cancellation))
        {
            if (frame.Type == type)
                return frame;
        }
        throw new InvalidOperationException($"no {type} came");
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Stop();
        await _accepting.ContinueWith(_ => { }, TaskScheduler.Default);
        _ending.Dispose();
        _listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        var running = new List<Task>();
        while (!_ending.IsCancellationRequested)
        {
            var client = await _listener.AcceptTcpClientAsync(_ending.Token);
            Connections++;
            running.Add(ServeAsync(client, Connections));
        }
        await Task.WhenAll(running);
    }

    private async Task ServeAsync(TcpClient client, int number)
    {
        using var _ = client;
        client.NoDelay = true;
        var stream = client.GetStream();
        using var wire = new Http2Wire(stream);
        await stream.ReadExactlyAsync(new byte[Http2Wire.Preface.Length], _ending.Token);
        await wire.WriteAsync(FrameType.Settings, 0, 0, []);
        while (await wire.ReadAsync(_ending.Token) is { } frame)
        {
            if (frame is { Type: FrameType.Settings, Flags: 0 })
                await wire.WriteAsync(FrameType.Settings, 1, 0, []);
            else if (frame is { Type: FrameType.Ping, Flags: 0 } && Alive)
                await wire.WriteAsync(FrameType.Ping, 1, 0, frame.Payload);
            if (frame.Type is FrameType.Ping or FrameType.Reset)
                _heard.Writer.TryWrite(frame);
            if (frame.EndsStream)
                await _script(new ScriptedCall(wire, frame.Stream, number, client));
        }
    }
}

/// <summary>One request to answer, well or badly.</summary>
internal sealed record ScriptedCall(Http2Wire Wire, int Stream, int Connection, TcpClient Client)
{
    public static byte[] Message(byte[] payload, byte flag = 0, uint? length = null)
    {
        var frame = new byte[5 + payload.Length];
        frame[0] = flag;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(1), length ?? (uint)payload.Length);
        payload.CopyTo(frame, 5);
        return frame;
    }

    public Task BeginAsync(params (string, string)[] more) =>
        Wire.WriteHeadersAsync(Stream, false, [(":status", "200"), ("content-type", "application/grpc"), .. more]);

    public Task DataAsync(byte[] bytes, bool end = false) => Wire.WriteAsync(FrameType.Data, (byte)(end ? 1 : 0), Stream, bytes);

    public Task EndAsync(params (string, string)[] trailers) => Wire.WriteHeadersAsync(Stream, true, trailers);

    public Task OnlyAsync(params (string, string)[] headers) => Wire.WriteHeadersAsync(Stream, true, headers);

    public Task ResetAsync(uint code) => Wire.WriteAsync(FrameType.Reset, 0, Stream, BigEndian(code));

    public Task GoAwayAsync(int lastStream, uint code) => Wire.WriteAsync(FrameType.GoAway, 0, 0, [.. BigEndian((uint)lastStream), .. BigEndian(code)]);

    private static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
