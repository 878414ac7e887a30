using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Gatehouse.Api.Tests.Dialing;

/// <summary>Takes connections, waits for the first bytes, says its one thing and hangs up or stays silent.</summary>
internal sealed class ScriptedPeer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource greeted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentBag<Task> connections = [];
    private readonly Task accepting;

    public ScriptedPeer(string answer, bool close)
        : this(Encoding.ASCII.GetBytes(answer), close)
    {
    }

    public ScriptedPeer(byte[] answer, bool close)
    {
        listener.Start();
        accepting = AcceptAsync(answer, close);
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>The first bytes of a client are here.</summary>
    public Task Greeted => greeted.Task;

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await accepting;
        listener.Stop();
        await Task.WhenAll(connections);
        stop.Dispose();
    }

    private async Task AcceptAsync(byte[] answer, bool close)
    {
        try
        {
            while (true)
                connections.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token), answer, close));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // The end of the test.
        }
    }

    private async Task ServeAsync(TcpClient client, byte[] answer, bool close)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                var buffer = new byte[16 * 1024];
                await stream.ReadAtLeastAsync(buffer, 1, throwOnEndOfStream: false, stop.Token);
                greeted.TrySetResult();
                await stream.WriteAsync(answer, stop.Token);
                while (!close && await stream.ReadAsync(buffer, stop.Token) > 0)
                {
                }
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // Clients leave as they like.
            }
        }
    }
}
