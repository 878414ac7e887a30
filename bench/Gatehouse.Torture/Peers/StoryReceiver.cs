using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Torture.Oracle;
using Gatehouse.Torture.Story;

namespace Gatehouse.Torture.Peers;

/// <summary>
/// An HTTP/1.1 receiver on raw sockets, because no server library resets a connection at a chosen moment. What it acknowledges goes
/// into the ledger before the answer goes out.
/// </summary>
internal sealed class StoryReceiver : IAsyncDisposable
{
    private const int MaxHead = 64 * 1024;

    private readonly RunPlan _plan;
    private readonly Ledger _ledger;
    private readonly Faults _faults;
    private readonly X509Certificate2? _certificate;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly Lock _gate = new();
    private readonly List<Task> _connections = [];
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _own = [];
    private int _requests;
    private volatile bool _handlerIsDead;

    public StoryReceiver(RunPlan plan, Ledger ledger, Faults faults, X509Certificate2? certificate)
    {
        (_plan, _ledger, _faults, _certificate) = (plan, ledger, faults, certificate);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Requests => Volatile.Read(ref _requests);

    public string Url(string path) => $"{(_certificate is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}{path}";

    /// <summary>What is open now, or comes until it is quiet, was in flight at the kill.</summary>
    public void HandlerDies() => _handlerIsDead = true;

    /// <summary>
    /// Returns when the connections so far are over. What a dead handler had sent may still lie in their sockets, and is
    /// acknowledged to nobody: that belongs to the life that sent it.
    /// </summary>
    /// <summary>Mended: it refuses no event any more.</summary>
    public bool TakesAll { get; set; }

    public async Task WhenQuietAsync()
    {
        // One of our own queues up behind those that nobody has accepted yet.
        using var last = new Socket(SocketType.Stream, ProtocolType.Tcp);
        last.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var accepted = _own[((IPEndPoint)last.LocalEndPoint!).Port] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await last.ConnectAsync(_listener.LocalEndpoint);
        await accepted.Task;
        await WhenServedAsync();
        _handlerIsDead = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                if (_own.TryRemove(((IPEndPoint)socket.RemoteEndPoint!).Port, out var accepted))
                {
                    socket.Dispose();
                    accepted.SetResult();
                    continue;
                }
                lock (_gate)
                {
                    _connections.RemoveAll(connection => connection.IsCompleted);
                    _connections.Add(ServeAsync(socket));
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            await WhenServedAsync();
        }
    }

    private Task WhenServedAsync()
    {
        lock (_gate)
            return Task.WhenAll([.. _connections]);
    }

    private async Task ServeAsync(Socket socket)
    {
        socket.NoDelay = true;
        try
        {
            await using var raw = new NetworkStream(socket, ownsSocket: true);
            Stream stream = raw;
            if (_certificate is not null)
            {
                var secure = new SslStream(raw);
                stream = secure;
                await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token);
            }
            var wire = new Wire(stream, _stop.Token);
            while (await wire.ReadHeadAsync() is { } head && await AnswerAsync(head, wire, stream, socket))
                Interlocked.Increment(ref _requests);
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or AuthenticationException or ObjectDisposedException)
        {
            // The handler is gone, or was killed in the middle.
        }
        catch (Exception e)
        {
            _ledger.Violation($"the receiver stumbled: {e}");
        }
    }

    /// <returns>False when the connection is over.</returns>
    private async Task<bool> AnswerAsync(Head head, Wire wire, Stream stream, Socket socket)
    {
        var fault = _faults.Receiver();
        if (fault == ReceiverFault.ResetUnread)
        {
            socket.LingerState = new LingerOption(true, 0);
            return false;
        }
        var body = await wire.ReadBodyAsync(head.Length);
        var events = _ledger.Read(head.Path, head.Gzip ? Unzip(body) : body);
        if (_plan.ReceiverDelay > TimeSpan.Zero)
            await Task.Delay(_plan.ReceiverDelay, _stop.Token);

        if (head.Length > _plan.ReceiverMaxBody)
            return await RefuseAsync(events, 413, stream);
        if (!TakesAll && events.Any(told => told.IsPoison))
            return await RefuseAsync(events, 400, stream);
        switch (fault)
        {
            case ReceiverFault.ServerError:
                return await SayAsync(stream, "500 Internal Server Error", "");
            case ReceiverFault.Busy:
                return await SayAsync(stream, "503 Service Unavailable", "Retry-After: 0\r\n");
            case ReceiverFault.TooMany:
                return await SayAsync(stream, "429 Too Many Requests", _faults.Below(3) == 0 ? "Retry-After: 1\r\n" : "");
            case ReceiverFault.Hang:
                await Task.Delay(_faults.Span(0.1, 1.5), _stop.Token);
                return false;
            case ReceiverFault.ResetRead:
                socket.LingerState = new LingerOption(true, 0);
                return false;
            case ReceiverFault.CloseUnanswered:
                return false;
        }
        if (fault >= ReceiverFault.HangAccepted)
        {
            _ledger.Acknowledged(events, isAnswered: false, _handlerIsDead);
            if (fault == ReceiverFault.HangAccepted)
                await Task.Delay(_faults.Span(0.1, 1.5), _stop.Token);
            if (fault == ReceiverFault.ResetAccepted)
                socket.LingerState = new LingerOption(true, 0);
            return false;
        }
        _ledger.Acknowledged(events, isAnswered: true, _handlerIsDead);
        return await SayAsync(stream, "200 OK", "");
    }

    private async Task<bool> RefuseAsync(List<ReadEvent> events, int status, Stream stream)
    {
        if (events.Count == 1)
            _ledger.RefusedAlone(events[0].Event);
        return await SayAsync(stream, $"{status} No", "");
    }

    private async Task<bool> SayAsync(Stream stream, string status, string headers)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\n{headers}Content-Length: 0\r\n\r\n"), _stop.Token);
        return true;
    }

    private static byte[] Unzip(byte[] body)
    {
        using var unzipped = new MemoryStream();
        using (var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress))
            gzip.CopyTo(unzipped);
        return unzipped.ToArray();
    }

    private sealed record Head(string Path, int Length, bool Gzip);

    private sealed class Wire(Stream stream, CancellationToken stop)
    {
        private byte[] _buffer = new byte[16 * 1024];
        private int _filled;

        public async Task<Head?> ReadHeadAsync()
        {
            int end;
            while ((end = _buffer.AsSpan(0, _filled).IndexOf("\r\n\r\n"u8)) < 0)
            {
                if (_filled == _buffer.Length)
                {
                    if (_filled >= MaxHead)
                        throw new IOException("the head of the request does not end");
                    Array.Resize(ref _buffer, _buffer.Length * 2);
                }
                var read = await stream.ReadAsync(_buffer.AsMemory(_filled), stop);
                if (read == 0)
                    return null;
                _filled += read;
            }
            var lines = Encoding.ASCII.GetString(_buffer, 0, end).Split("\r\n");
            _buffer.AsSpan(end + 4, _filled - end - 4).CopyTo(_buffer);
            _filled -= end + 4;
            string? Header(string name) => lines.Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
                .Select(line => line[(name.Length + 1)..].Trim()).FirstOrDefault();
            return new Head(lines[0].Split(' ')[1], int.Parse(Header("Content-Length")!, CultureInfo.InvariantCulture), Header("Content-Encoding") == "gzip");
        }

        public async Task<byte[]> ReadBodyAsync(int length)
        {
            var body = new byte[length];
            var have = Math.Min(length, _filled);
            _buffer.AsSpan(0, have).CopyTo(body);
            _buffer.AsSpan(have, _filled - have).CopyTo(_buffer);
            _filled -= have;
            await stream.ReadExactlyAsync(body.AsMemory(have), stop);
            return body;
        }
    }
}
