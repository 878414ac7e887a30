using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Gatehouse.Hosting.Tls;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// Posts events to Fluentd's <c>in_http</c>, or anything else that takes JSON by POST. As long as nothing new is set, one JSON object a
/// request, and the request upstream sends (spec 5.1); with a batch size, JSON arrays.
/// </summary>
/// <remarks>
/// <para>1. Where to: the audit URL, or the session's.</para>
/// <para>2. The body: the batch's bytes as they are, in brackets, or compressed.</para>
/// <para>3. Send, and wait for the answer, at most 30 s.</para>
/// <para>4. A 307 or 308 within the same receiver is followed, body and all.</para>
/// <para>5. Read the answer to its end, so that the connection can be kept, and judge it by its status alone.</para>
/// </remarks>
public sealed class FluentdOutput : IDurableOutput, IDisposable
{
    /// <summary>As upstream's whole-request timeout.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The rest of an answer whose status is known is not worth more.</summary>
    private static readonly TimeSpan AnswerBodyTimeout = TimeSpan.FromSeconds(2);

    private const int MaxRedirects = 5;
    private static readonly MediaTypeHeaderValue Json = new("application/json");

    private readonly FluentdPlan _plan;
    private readonly FluentdEndpoints _endpoints;
    private readonly ReceiverConnections _connections;
    private readonly OutputMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly KeyValuePair<string, string>[] _headers;
    private readonly HashSet<string> _overridden;

    /// <exception cref="TlsFileException">A TLS file cannot be used.</exception>
    /// <exception cref="ArgumentException">A URL that <see cref="FluentdCheck"/> would have refused.</exception>
    public FluentdOutput(FluentdPlan plan, OutputMetrics metrics, TimeProvider time, ILogger log)
    {
        _plan = plan;
        _metrics = metrics;
        _time = time;
        _endpoints = new FluentdEndpoints(plan.Url, plan.SessionUrl);
        _headers = [.. plan.Headers.Select(header => KeyValuePair.Create(header.Key, header.Value.Reveal()))];
        _overridden = new HashSet<string>(plan.Headers.Keys, StringComparer.OrdinalIgnoreCase);
        Tls = new ClientTls(new TlsFiles(plan.Ca, plan.Cert, plan.Key, plan.KeyPassphrase), time, log);
        _connections = new ReceiverConnections(Tls, plan.MaxConnections);
    }

    public OutputLimits Limits => new(_plan.BatchSize, _plan.BatchBytes, _plan.MaxConnections);

    /// <summary>The certificates in use; a reload may ask it to look at the files.</summary>
    public ClientTls Tls { get; }

    public async Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation)
    {
        // 1
        if (_endpoints.Of(destination) is not { } url)
            return new Verdict.Refused(string.Create(CultureInfo.InvariantCulture, $"the session id has more than {FluentdEndpoints.MaxSessionIdChars} characters"));
        // 2
        if (!_plan.Gzip)
            return await SendAsync(url, slice.Json, IsArray, cancellation);
        using var compressed = Compress(slice);
        return await SendAsync(url, compressed.Written, array: false, cancellation);
    }

    public void Dispose() => _connections.Dispose();

    private bool IsArray => _plan.BatchSize > 1;

    private async Task<Verdict> SendAsync(ReceiverUrl url, ReadOnlyMemory<byte> body, bool array, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(RequestTimeout, _time);
        using var left = cancellation.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), deadline);
        var started = _metrics.RequestStarted();
        int? status = null;
        var content = new BodyContent(body, array);
        try
        {
            // 3
            for (var redirects = 0; ; redirects++)
            {
                using var request = Request(url, content);
                using var response = await _connections.SendAsync(request, deadline.Token);
                status = (int)response.StatusCode;
                deadline.CancelAfter(AnswerBodyTimeout);
                // 4
                if (status is 307 or 308 && redirects < MaxRedirects && response.Headers.Location is { } location && url.Redirected(location) is { } moved)
                {
                    await AnswerBody.ReadAsync(response, deadline.Token);
                    await content.Released;
                    content = new BodyContent(body, array);
                    url = moved;
                    deadline.CancelAfter(RequestTimeout);
                    continue;
                }
                // 5
                var excerpt = await AnswerBody.ReadAsync(response, deadline.Token);
                return AnswerVerdict.Of(status.Value, response.Headers.RetryAfter, excerpt, _time.GetUtcNow());
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Verdict.TryAgain($"{url.Shown}: no answer within {RequestTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            return new Verdict.TryAgain(NetworkTrouble.Describe(e, url));
        }
        finally
        {
            await content.Released;
            _metrics.RequestEnded(started, status, content.Length);
        }
    }

    /// <summary>Names, values and their order as upstream's, as far as the HTTP library lets us choose; a user's own take their place.</summary>
    private HttpRequestMessage Request(ReceiverUrl url, BodyContent content)
    {
        var secure = url.Uri.Scheme == Uri.UriSchemeHttps;
        var request = new HttpRequestMessage(HttpMethod.Post, url.Uri)
        {
            Version = secure ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
            Content = content,
        };
        var headers = request.Headers;
        if (!_overridden.Contains("User-Agent"))
            headers.TryAddWithoutValidation("User-Agent", secure && _connections.IsHttp2 ? "Go-http-client/2.0" : "Go-http-client/1.1");
        if (url.Authorization is not null && !_overridden.Contains("Authorization"))
            headers.TryAddWithoutValidation("Authorization", url.Authorization);
        if (!_overridden.Contains("Accept-Encoding"))
            headers.TryAddWithoutValidation("Accept-Encoding", "gzip");
        if (!_overridden.Contains("Content-Type"))
            content.Headers.ContentType = Json;
        if (_plan.Gzip)
            content.Headers.TryAddWithoutValidation("Content-Encoding", "gzip");
        foreach (var (name, value) in _headers)
        {
            if (!headers.TryAddWithoutValidation(name, value))
                content.Headers.TryAddWithoutValidation(name, value);
        }
        return request;
    }

    private PooledStream Compress(EventSlice slice)
    {
        var json = slice.Json.Span;
        var body = new PooledStream(json.Length / 4 + 256);
        using var gzip = new GZipStream(body, CompressionLevel.Fastest, leaveOpen: true);
        if (IsArray)
            gzip.Write("["u8);
        gzip.Write(json);
        if (IsArray)
            gzip.Write("]"u8);
        return body;
    }
}
