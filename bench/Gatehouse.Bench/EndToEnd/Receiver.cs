using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Testing;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>
/// Takes POSTs, reads them whole, counts the events by their ids, answers 200. HTTP/1.1, as Fluentd. Straight on sockets: it shares the
/// cores with what is measured, and a web server reads a large body in small steps.
/// </summary>
internal sealed class Receiver : IAsyncDisposable
{
    private const int FirstBufferBytes = 512 * 1024;

    private readonly TlsFolder? _tls;
    private readonly TimeSpan _delay;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<(long Count, TaskCompletionSource Reached)> _waiting = [];
    private readonly Dictionary<string, int>? _uids;
    private readonly Task _accepting;
    private Exception? _failure;
    private long _events;
    private long _posts;
    private long _firstPost;

    /// <param name="tls">Wants mutual TLS with certificates of this folder.</param>
    /// <param name="delay">How long an answer takes.</param>
    /// <param name="keepUids">Whether to count each id.</param>
    public Receiver(TlsFolder? tls, TimeSpan delay, bool keepUids = false)
    {
        (_tls, _delay) = (tls, delay);
        _uids = keepUids ? [] : null;
        _listener.Start();
        Url = $"{(tls is null ? "http" : "https")}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}";
        _accepting = AcceptAsync();
    }

    public string Url { get; }

    public long Events => Volatile.Read(ref _events);

    public long Posts => Volatile.Read(ref _posts);

    /// <summary>Stopwatch time stamp of the first request; 0 before it.</summary>
    public long FirstPost => Volatile.Read(ref _firstPost);

    /// <summary>How often each id came, when it was asked to keep them.</summary>
    public IReadOnlyDictionary<string, int> Uids => _uids ?? throw new InvalidOperationException("ids are not kept");

    /// <summary>Completes when so many events have come; fails when a request was not what it should be.</summary>
    public Task WhenAsync(long count)
    {
        lock (_gate)
        {
            if (_failure is not null)
                return Task.FromException(_failure);
            if (_events >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var connections = new List<Task>();
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync(_stop.Token);
                socket.NoDelay = true;
                connections.Add(Task.Run(() => ServeAsync(socket)));
            }
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var stream = await OpenAsync(socket);
            var buffer = new byte[FirstBufferBytes];
            var length = 0;
            while (true)
            {
                int body;
                while ((body = EndOfHead(buffer.AsSpan(0, length))) == 0)
                {
                    var read = await stream.ReadAsync(buffer.AsMemory(length), _stop.Token);
                    if (read == 0)
                        return;
                    length += read;
                }
                if (Volatile.Read(ref _firstPost) == 0)
                    Interlocked.CompareExchange(ref _firstPost, Stopwatch.GetTimestamp(), 0);
                var end = body + ContentLength(buffer.AsSpan(0, body));
                if (end > buffer.Length)
                    Array.Resize(ref buffer, end);
                if (length < end)
                {
                    await stream.ReadExactlyAsync(buffer.AsMemory(length, end - length), _stop.Token);
                    length = end;
                }
                if (_delay > TimeSpan.Zero)
                    await Task.Delay(_delay, _stop.Token);
                Count(buffer.AsSpan(body, end - body));
                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), _stop.Token);
                buffer.AsSpan(end, length - end).CopyTo(buffer);
                length -= end;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
        {
            // The sender was stopped, or this was.
        }
        catch (Exception e)
        {
            Fail(e);
        }
    }

    private async Task<Stream> OpenAsync(Socket socket)
    {
        var plain = new NetworkStream(socket, ownsSocket: true);
        if (_tls is null)
            return plain;
        var tls = new SslStream(plain);
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = _tls.Server,
                ClientCertificateRequired = true,
                RemoteCertificateValidationCallback = (_, certificate, _, _) => IsOurs(certificate, _tls),
            },
            _stop.Token);
        return tls;
    }

    private static bool IsOurs(X509Certificate? certificate, TlsFolder tls)
    {
        if (certificate is not X509Certificate2 client)
            return false;
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(tls.Ca);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(client);
    }

    /// <returns>Where the body begins; 0 while the head is not whole.</returns>
    private static int EndOfHead(ReadOnlySpan<byte> bytes) => bytes.IndexOf("\r\n\r\n"u8) is >= 0 and var at ? at + 4 : 0;

    private static int ContentLength(ReadOnlySpan<byte> head)
    {
        foreach (var line in head.Split("\r\n"u8))
        {
            var text = head[line];
            if (text.Length > 15 && Ascii.EqualsIgnoreCase(text[..15], "content-length:"u8))
                return int.Parse(text[15..].Trim(" "u8), CultureInfo.InvariantCulture);
        }
        throw new InvalidOperationException($"a request without a length: {Encoding.Latin1.GetString(head)}");
    }

    private void Count(ReadOnlySpan<byte> body)
    {
        var count = ExportSample.CountIn(body);
        lock (_gate)
        {
            _events += count;
            _posts++;
            if (_uids is { } uids)
                ExportSample.UidsIn(body, uid => uids[uid] = uids.GetValueOrDefault(uid) + 1);
            for (var i = _waiting.Count - 1; i >= 0; i--)
            {
                if (_events < _waiting[i].Count)
                    continue;
                _waiting[i].Reached.SetResult();
                _waiting.RemoveAt(i);
            }
        }
    }

    private void Fail(Exception failure)
    {
        lock (_gate)
        {
            _failure ??= failure;
            foreach (var (_, reached) in _waiting)
                reached.TrySetException(failure);
            _waiting.Clear();
        }
    }
}
