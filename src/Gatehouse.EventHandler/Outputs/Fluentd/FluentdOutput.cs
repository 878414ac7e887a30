using System.Globalization;
using System.IO.Compression;
using System.Net.Security;
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
/// <para>4. Read the answer to its end, so that the connection can be kept.</para>
/// <para>5. Judge it by its status alone; a 307 or 308 within the same receiver is followed, body and all.</para>
/// </remarks>
public sealed class FluentdOutput : IDurableOutput, IDisposable
{
    /// <summary>As upstream's whole-request timeout.</summary>
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(30);

    /// <summary>The rest of an answer whose status is known is not worth more.</summary>
    private static readonly TimeSpan AnswerBodyTimeout = TimeSpan.FromSeconds(2);

    private const int MaxRedirects = 5;

    // set once
    private readonly FluentdPlan _plan;
    private readonly FluentdEndpoints _endpoints;
    private readonly ReceiverConnector _connector;
    private readonly Http1Pool _http1;
    private readonly Http2Client _http2;
    private readonly Dictionary<string, string> _headers;
    private readonly RequestHead _auditHead;
    private readonly OutputMetrics _metrics;
    private readonly TimeProvider _time;

    // shared by requests
    private volatile bool _speaksHttp2;

    /// <exception cref="TlsFileException">A TLS file cannot be used.</exception>
    /// <exception cref="ArgumentException">A plan with problems by <see cref="FluentdCheck"/>.</exception>
    public FluentdOutput(FluentdPlan plan, OutputMetrics metrics, TimeProvider time, ILogger log)
    {
        if (FluentdCheck.Run(plan).Problems is [var problem, ..])
            throw new ArgumentException($"{problem.Key}: {problem}", nameof(plan));
        _plan = plan;
        _metrics = metrics;
        _time = time;
        _endpoints = new FluentdEndpoints(plan.Url, plan.SessionUrl);
        _headers = plan.Headers.ToDictionary(header => header.Key, header => header.Value.Reveal(), StringComparer.OrdinalIgnoreCase);
        _auditHead = new RequestHead(_endpoints.Audit, _headers, plan.Gzip);
        _connector = new ReceiverConnector(new ClientTls(new TlsFiles(plan.Ca, plan.Cert, plan.Key, plan.KeyPassphrase), time, log));
        _http1 = new Http1Pool(time);
        _http2 = new Http2Client(_connector, plan.MaxConnections, _headers, plan.Gzip, time);
    }

    public OutputLimits Limits => new(_plan.BatchSize, _plan.BatchBytes, _plan.MaxConnections);

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

    public void Dispose()
    {
        _http1.Dispose();
        _http2.Dispose();
    }

    private bool IsArray => _plan.BatchSize > 1;

    private async Task<Verdict> SendAsync(ReceiverUrl url, ReadOnlyMemory<byte> body, bool array, CancellationToken cancellation)
    {
        using var deadline = new CancellationTokenSource(RequestTimeout, _time);
        using var left = cancellation.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), deadline);
        var started = _metrics.RequestStarted();
        int? status = null;
        try
        {
            for (var redirects = 0; ; redirects++)
            {
                // 3 and 4
                var answer = await ExchangeAsync(url, body, array, deadline);
                status = answer.Status;
                // 5
                if (status is 307 or 308 && redirects < MaxRedirects && url.Redirected(answer.Location) is { } moved)
                {
                    url = moved;
                    deadline.CancelAfter(RequestTimeout);
                    continue;
                }
                return AnswerVerdict.Of(answer.Status, answer.RetryAfter, answer.Excerpt, _time.GetUtcNow());
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new Verdict.TryAgain($"{url.Shown}: no answer within {RequestTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException e) when (!cancellation.IsCancellationRequested)
        {
            return new Verdict.TryAgain(NetworkTrouble.Describe(e, url));
        }
        catch (HttpRequestException e)
        {
            throw new OperationCanceledException(e.Message, e, cancellation);
        }
        finally
        {
            _metrics.RequestEnded(started, status, body.Length + (array ? 2 : 0));
        }
    }

    /// <summary>One request and its answer, over a kept connection if there is one. What TLS negotiates on a new one says which version is spoken.</summary>
    private async ValueTask<Answer> ExchangeAsync(ReceiverUrl url, ReadOnlyMemory<byte> body, bool array, CancellationTokenSource deadline)
    {
        Http1Connection? connection = null;
        if (!_speaksHttp2 && (connection = _http1.Take()) is null)
        {
            var (stream, socket) = await _connector.ConnectAsync(url.Uri, deadline.Token);
            if (stream is SslStream { NegotiatedApplicationProtocol: var protocol } && protocol == SslApplicationProtocol.Http2)
            {
                _http2.Adopt(stream);
                _speaksHttp2 = true;
            }
            else
            {
                connection = _http1.Add(stream, socket);
            }
        }
        if (connection is null)
        {
            var (answer, isHttp2) = await _http2.SendAsync(url, body, array, deadline, AnswerBodyTimeout);
            _speaksHttp2 = isHttp2;
            return answer;
        }
        try
        {
            var head = ReferenceEquals(url, _endpoints.Audit) ? _auditHead : new RequestHead(url, _headers, _plan.Gzip);
            return await connection.SendAsync(head, body, array, deadline, AnswerBodyTimeout);
        }
        finally
        {
            _http1.Return(connection);
        }
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
