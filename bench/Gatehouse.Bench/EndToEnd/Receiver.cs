using System.Buffers;
using System.Diagnostics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>Takes POSTs, reads them whole, counts the events by their ids, answers 200. HTTP/1.1, as Fluentd.</summary>
internal sealed class Receiver : IAsyncDisposable
{
    private readonly WebApplication _web;
    private readonly TimeSpan _delay;
    private readonly Lock _gate = new();
    private readonly List<(long Count, TaskCompletionSource Reached)> _waiting = [];
    private long _events;
    private long _posts;
    private long _firstPost;
    private volatile Dictionary<string, int>? _uids;

    private Receiver(TlsFolder? tls, TimeSpan delay, bool keepUids)
    {
        _delay = delay;
        _uids = keepUids ? [] : null;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.Zero);
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Loopback, 0, listen =>
            {
                listen.Protocols = HttpProtocols.Http1;
                if (tls is not null)
                    listen.UseHttps(https => RequireClientsOf(tls, https));
            });
        });
        _web = builder.Build();
        _web.Run(TakeAsync);
    }

    public string Url { get; private set; } = "";

    public long Events => Volatile.Read(ref _events);

    public long Posts => Volatile.Read(ref _posts);

    /// <summary>Stopwatch time stamp of the first request; 0 before it.</summary>
    public long FirstPost => Volatile.Read(ref _firstPost);

    /// <summary>How often each id came, when it was asked to keep them.</summary>
    public IReadOnlyDictionary<string, int> Uids => _uids ?? throw new InvalidOperationException("ids are not kept");

    public static async Task<Receiver> StartAsync(TlsFolder? tls, TimeSpan delay, bool keepUids = false)
    {
        var receiver = new Receiver(tls, delay, keepUids);
        await receiver._web.StartAsync();
        receiver.Url = $"{(tls is null ? "http" : "https")}://127.0.0.1:{new Uri(receiver._web.Urls.First()).Port}";
        return receiver;
    }

    /// <summary>Completes when so many events have come.</summary>
    public Task WhenAsync(long count)
    {
        lock (_gate)
        {
            if (_events >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((count, reached));
            return reached.Task;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _web.StopAsync(new CancellationToken(canceled: true));
        await _web.DisposeAsync();
    }

    private async Task TakeAsync(HttpContext http)
    {
        if (Volatile.Read(ref _firstPost) == 0)
            Interlocked.CompareExchange(ref _firstPost, Stopwatch.GetTimestamp(), 0);
        var length = (int)(http.Request.ContentLength ?? throw new InvalidOperationException("a body without a length"));
        var body = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await ReadAsync(http, body, length);
            var count = ExportSample.CountIn(body.AsSpan(0, length));
            if (_delay > TimeSpan.Zero)
                await Task.Delay(_delay);
            Count(count, body.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
        http.Response.ContentLength = 0;
    }

    private static async Task ReadAsync(HttpContext http, byte[] body, int length)
    {
        var reader = http.Request.BodyReader;
        for (var at = 0; ;)
        {
            var read = await reader.ReadAsync();
            read.Buffer.CopyTo(body.AsSpan(at));
            at += (int)read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (!read.IsCompleted)
                continue;
            if (at != length)
                throw new InvalidOperationException($"a body of {at} bytes, {length} were announced");
            return;
        }
    }

    private void Count(int count, ReadOnlySpan<byte> body)
    {
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

    private static void RequireClientsOf(TlsFolder tls, HttpsConnectionAdapterOptions https)
    {
        https.ServerCertificate = tls.Server;
        https.ClientCertificateMode = ClientCertificateMode.RequireCertificate;
        https.ClientCertificateValidation = (certificate, _, _) =>
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(tls.Ca);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            return chain.Build(certificate);
        };
    }
}
