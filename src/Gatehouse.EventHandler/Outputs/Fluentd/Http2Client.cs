using System.Net;
using System.Net.Http.Headers;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>Requests to a receiver that negotiated HTTP/2, by the framework's client: streams and windows are its business.</summary>
internal sealed class Http2Client : IDisposable
{
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly ReceiverConnector _connector;
    private readonly HttpMessageInvoker _invoker;
    private readonly IReadOnlyDictionary<string, string> _own;
    private readonly bool _gzip;
    private readonly TimeProvider _time;
    private Opened? _first;

    public Http2Client(ReceiverConnector connector, int maxConnections, IReadOnlyDictionary<string, string> own, bool gzip, TimeProvider time)
    {
        _connector = connector;
        _own = own;
        _gzip = gzip;
        _time = time;
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            // Exactly what we ask for goes out: no cookies, no followed redirect (it would turn the POST into a GET), no proxy, no trace header.
            UseCookies = false,
            AllowAutoRedirect = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            AutomaticDecompression = DecompressionMethods.None,
            MaxConnectionsPerServer = maxConnections,
            EnableMultipleHttp2Connections = true,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(8),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            // The handler takes an authenticated stream as it is, and only so can each connection have the certificate of its day.
            ConnectCallback = async (context, cancellation) =>
                TakeFirst() ?? (await _connector.ConnectAsync(context.InitialRequestMessage.RequestUri!, cancellation)).Stream,
        });
    }

    /// <summary>Hands over a connection that was opened to find out what the receiver speaks.</summary>
    public void Adopt(Stream negotiated) => Interlocked.Exchange(ref _first, new Opened(negotiated, _time.GetTimestamp()))?.Stream.Dispose();

    /// <param name="url">Where to.</param>
    /// <param name="body">The document, or the inside of the array.</param>
    /// <param name="array">Whether to put brackets around it.</param>
    /// <param name="deadline">Ends the request; shortened to <paramref name="bodyTimeout"/> once the status is known.</param>
    /// <param name="bodyTimeout">Most time for the rest of the answer.</param>
    /// <returns>The answer, and whether it really came over HTTP/2. <paramref name="body"/> is not read any more.</returns>
    /// <exception cref="HttpRequestException">No answer, or one of success to a request that was not sent to its end.</exception>
    public async Task<(Answer Answer, bool IsHttp2)> SendAsync(
        ReceiverUrl url, ReadOnlyMemory<byte> body, bool array, CancellationTokenSource deadline, TimeSpan bodyTimeout)
    {
        var content = new BodyContent(body, array);
        try
        {
            using var request = Request(url, content);
            using var response = await _invoker.SendAsync(request, deadline.Token);
            var status = (int)response.StatusCode;
            // Success before the body's end says nothing about that end, so the writing goes on, as long as the receiver lets it.
            if (status < 300)
            {
                await content.Released;
                if (!content.IsWritten)
                    throw new HttpRequestException(HttpRequestError.Unknown, $"the receiver answered {status} without having read the whole request");
            }
            deadline.CancelAfter(bodyTimeout);
            var excerpt = await AnswerBody.ReadAsync(response, deadline.Token);
            var answer = new Answer(status, response.Headers.RetryAfter, response.Headers.Location?.OriginalString, excerpt);
            return (answer, response.Version.Major == 2);
        }
        finally
        {
            await content.Released;
        }
    }

    public void Dispose()
    {
        _first?.Stream.Dispose();
        _invoker.Dispose();
    }

    /// <summary>When many requests began at once one such connection may be left over; it is no use after lying about.</summary>
    private Stream? TakeFirst()
    {
        if (Interlocked.Exchange(ref _first, null) is not { } first)
            return null;
        if (_time.GetElapsedTime(first.At) < TimeSpan.FromSeconds(2))
            return first.Stream;
        first.Stream.Dispose();
        return null;
    }

    private HttpRequestMessage Request(ReceiverUrl url, BodyContent content)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url.Uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = content,
        };
        Add("User-Agent", "Go-http-client/2.0");
        Add("Authorization", url.Authorization);
        Add("Accept-Encoding", "gzip");
        if (!_own.ContainsKey("Content-Type"))
            content.Headers.ContentType = Json;
        if (_gzip)
            content.Headers.TryAddWithoutValidation("Content-Encoding", "gzip");
        foreach (var (name, value) in _own)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
                content.Headers.TryAddWithoutValidation(name, value);
        }
        return request;

        void Add(string name, string? value)
        {
            if (value is not null && !_own.ContainsKey(name))
                request.Headers.TryAddWithoutValidation(name, value);
        }
    }

    private sealed record Opened(Stream Stream, long At);
}
