using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Gatehouse.Testing;

/// <summary>
/// An HTTP/1.1 receiver on a raw socket that answers by a script: also with resets, silence and rubbish, which no server library will
/// do on demand. Keeps every request as it came, header order included.
/// </summary>
public sealed class ScriptedReceiver : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<int, ReceiverAnswer> _script;
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly ConcurrentQueue<ReceivedRequest> _requests = new();
    private readonly ConcurrentDictionary<Task, byte> _connections = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly SemaphoreSlim _closed = new(0);
    private readonly Task _accepting;
    private int _ordinal;
    private int _connectionCount;
    private int _disposed;

    private ScriptedReceiver(Func<int, ReceiverAnswer> script, SslServerAuthenticationOptions? tls)
    {
        _script = script;
        _tls = tls;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Requests in order of arrival.</summary>
    public IReadOnlyList<ReceivedRequest> Requests => [.. _requests];

    public int Connections => Volatile.Read(ref _connectionCount);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>What a client said in its last TLS handshake: the host name it asked for.</summary>
    public string? ServerName { get; private set; }

    /// <summary>Asked once a body has been read: an answer in place of the script's, or null.</summary>
    public Func<string, ReceiverAnswer?> AnswerBody { get; set; } = _ => null;

    /// <summary>Answers in order; the last one again and again.</summary>
    public static ScriptedReceiver Start(params ReceiverAnswer[] answers) =>
        new(ordinal => answers[Math.Min(ordinal, answers.Length - 1)], null);

    public static ScriptedReceiver StartTls(X509Certificate2 certificate, SslProtocols protocols, params ReceiverAnswer[] answers) =>
        new(ordinal => answers[Math.Min(ordinal, answers.Length - 1)], new SslServerAuthenticationOptions
        {
            ServerCertificate = certificate,
            EnabledSslProtocols = protocols,
        });

    /// <param name="script">The answer to the request of this ordinal, counted from 0 over all connections.</param>
    /// <param name="tls">Also client certificates can be asked for; null is plain HTTP.</param>
    public static ScriptedReceiver StartScript(Func<int, ReceiverAnswer> script, SslServerAuthenticationOptions? tls = null) => new(script, tls);

    public string Url(string target) => $"{(_tls is null ? "http" : "https")}://localhost:{Port}{target}";

    /// <summary>Ends when one more request has arrived than at the last call.</summary>
    public Task NextRequestAsync(CancellationToken cancellation) => _arrived.WaitAsync(cancellation);

    /// <summary>Ends when one more connection was closed from this side than at the last call.</summary>
    public Task NextCloseAsync(CancellationToken cancellation) => _closed.WaitAsync(cancellation);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
            return;
        await _stop.CancelAsync();
        await _accepting;
        _listener.Stop();
        await Task.WhenAll(_connections.Keys);
        _stop.Dispose();
        _arrived.Dispose();
        _closed.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptSocketAsync(_stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                return;
            }
            socket.NoDelay = true;
            var number = Interlocked.Increment(ref _connectionCount);
            _connections[ServeAsync(socket, number)] = 0;
        }
    }

    private async Task ServeAsync(Socket socket, int connection)
    {
        try
        {
            await using var raw = new NetworkStream(socket, ownsSocket: true);
            var stream = await SecureAsync(raw);
            var reader = new WireReader(stream, _stop.Token);
            for (var nth = 1; await reader.ReadHeadAsync() is { } head; nth++)
            {
                var answer = _script(Interlocked.Increment(ref _ordinal) - 1);
                var body = answer.BeforeBody ? [] : await reader.ReadBodyAsync(head);
                if (!answer.BeforeBody)
                    answer = AnswerBody(Encoding.UTF8.GetString(body)) ?? answer;
                _requests.Enqueue(head with { Body = body, Connection = connection, NthOnConnection = nth });
                _arrived.Release();
                if (!await GiveAsync(answer, stream, socket))
                    return;
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or AuthenticationException or ObjectDisposedException)
        {
            // The client went away, or the test is over.
        }
        finally
        {
            _closed.Release();
        }
    }

    private async Task<Stream> SecureAsync(NetworkStream raw)
    {
        if (_tls is null)
            return raw;
        var secure = new SslStream(raw);
        await secure.AuthenticateAsServerAsync(_tls, _stop.Token);
        ServerName = secure.TargetHostName;
        return secure;
    }

    /// <returns>False when the connection is over.</returns>
    private async Task<bool> GiveAsync(ReceiverAnswer answer, Stream stream, Socket socket)
    {
        if (answer.Bytes.Length > 0)
            await stream.WriteAsync(answer.Bytes, _stop.Token);
        switch (answer.Then)
        {
            case ReceiverEnd.Keep:
                return true;
            case ReceiverEnd.Hang:
                await Task.Delay(Timeout.Infinite, _stop.Token);
                return false;
            case ReceiverEnd.Reset:
                socket.LingerState = new LingerOption(true, 0);
                return false;
            default:
                return false;
        }
    }

    private sealed class WireReader(Stream stream, CancellationToken stop)
    {
        private readonly byte[] _buffer = new byte[64 * 1024];
        private int _from;
        private int _to;

        public async Task<ReceivedRequest?> ReadHeadAsync()
        {
            var lines = new List<string>();
            while (await ReadLineAsync() is { } line)
            {
                if (line.Length > 0)
                {
                    lines.Add(line);
                    continue;
                }
                var words = lines[0].Split(' ');
                var headers = lines.Skip(1).Select(text => text.Split(": ", 2)).Select(pair => KeyValuePair.Create(pair[0], pair[1]));
                return new ReceivedRequest(words[0], words[1], words[2], [.. headers]);
            }
            return null;
        }

        public async Task<byte[]> ReadBodyAsync(ReceivedRequest head)
        {
            var body = new byte[int.Parse(head.Header("Content-Length") ?? "0", CultureInfo.InvariantCulture)];
            for (var at = 0; at < body.Length;)
            {
                if (_from == _to && !await FillAsync())
                    throw new IOException("the body ended early");
                var part = Math.Min(body.Length - at, _to - _from);
                _buffer.AsSpan(_from, part).CopyTo(body.AsSpan(at));
                _from += part;
                at += part;
            }
            return body;
        }

        private async Task<string?> ReadLineAsync()
        {
            var line = new StringBuilder();
            while (true)
            {
                if (_from == _to && !await FillAsync())
                    return null;
                var c = (char)_buffer[_from++];
                if (c == '\n')
                    return line.ToString().TrimEnd('\r');
                line.Append(c);
            }
        }

        private async Task<bool> FillAsync()
        {
            _from = 0;
            _to = await stream.ReadAsync(_buffer, stop);
            return _to > 0;
        }
    }
}

/// <summary>One request as it came over the wire.</summary>
public sealed record ReceivedRequest(string Method, string Target, string Version, IReadOnlyList<KeyValuePair<string, string>> Headers)
{
    public byte[] Body { get; init; } = [];

    public int Connection { get; init; }

    public int NthOnConnection { get; init; }

    public string Text => Encoding.UTF8.GetString(Body);

    public string? Header(string name) =>
        Headers.Where(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase)).Select(header => header.Value).FirstOrDefault();
}

/// <summary>What becomes of the connection after an answer.</summary>
public enum ReceiverEnd
{
    Keep,
    Close,
    Reset,
    Hang,
}

/// <summary>One step of a receiver's script.</summary>
public sealed record ReceiverAnswer(byte[] Bytes, ReceiverEnd Then)
{
    /// <summary>Given when the head of the request is there, without reading its body.</summary>
    public bool BeforeBody { get; init; }

    public static ReceiverAnswer Ok { get; } = Status(200);

    public static ReceiverAnswer Reset { get; } = new([], ReceiverEnd.Reset);

    public static ReceiverAnswer Close { get; } = new([], ReceiverEnd.Close);

    public static ReceiverAnswer Hang { get; } = new([], ReceiverEnd.Hang);

    public static ReceiverAnswer Status(int code, string body = "", params string[] headers)
    {
        var length = code is 204 or 304 ? "" : $"Content-Length: {Encoding.UTF8.GetByteCount(body)}\r\n";
        return Raw($"HTTP/1.1 {code} Text\r\n{string.Concat(headers.Select(header => header + "\r\n"))}{length}\r\n{body}");
    }

    public static ReceiverAnswer Raw(string text, ReceiverEnd then = ReceiverEnd.Keep) => new(Encoding.UTF8.GetBytes(text), then);
}
