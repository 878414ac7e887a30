using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>Passes one connection on to a port of this machine and keeps what the client said on the wire.</summary>
internal sealed class RecordingRelay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly MemoryStream _said = new();
    private readonly TaskCompletionSource _clientEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _relaying;

    public RecordingRelay(int to)
    {
        _listener.Start();
        _relaying = RelayAsync(to);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Ends when the client has closed its side.</summary>
    public Task ClientEnded => _clientEnded.Task;

    /// <summary>Content types of the TLS records the client sent (RFC 5246, 6.2.1).</summary>
    public IReadOnlyList<byte> KindsOfRecords
    {
        get
        {
            var kinds = new List<byte>();
            for (ReadOnlySpan<byte> rest = _said.ToArray(); rest.Length >= 5; rest = rest[(5 + BinaryPrimitives.ReadUInt16BigEndian(rest[3..]))..])
                kinds.Add(rest[0]);
            return kinds;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _relaying;
    }

    private async Task RelayAsync(int to)
    {
        var stop = TestContext.Current.CancellationToken;
        using var client = await _listener.AcceptTcpClientAsync(stop);
        using var server = new TcpClient();
        await server.ConnectAsync(IPAddress.Loopback, to, stop);
        var answers = server.GetStream().CopyToAsync(client.GetStream(), stop);
        var buffer = new byte[16 * 1024];
        while (await client.GetStream().ReadAsync(buffer, stop) is > 0 and var read)
        {
            await _said.WriteAsync(buffer.AsMemory(0, read), stop);
            await server.GetStream().WriteAsync(buffer.AsMemory(0, read), stop);
        }
        server.Client.Shutdown(SocketShutdown.Send);
        _clientEnded.SetResult();
        try
        {
            await answers;
        }
        catch (IOException)
        {
            // The client closed without listening to the receiver's last word.
        }
    }
}
