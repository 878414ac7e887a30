using System.Buffers;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Up;

/// <summary>
/// Stands for a SIEM: takes what Fluentd's HTTP input takes, over mutual TLS, and answers 200 when it is on disk.
/// <c>POST /events.log</c> goes to the events file, <c>POST /session.SID.log</c> to a file for each session.
/// </summary>
internal sealed class Receiver : IAsyncDisposable
{
    /// <summary>A slice of the handler has at most 4 MiB, unless one event is larger.</summary>
    private const long MaxBody = 64 * 1024 * 1024;
    private const int MaxIdLength = 100;
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(2);

    private readonly UpDirectory _directory;
    private readonly ILogger _log;
    private readonly NdjsonFiles _files = new();
    private readonly X509Certificate2 _authority;
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _web;

    /// <param name="directory">Has the certificates and takes the files.</param>
    private Receiver(UpDirectory directory, int port, ILoggerFactory loggers)
    {
        _directory = directory;
        _log = loggers.CreateLogger("Gatehouse.Receiver");
        _authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(directory.Certificates, "ca.crt"));
        _certificate = X509Certificate2.CreateFromPemFile(
            Path.Combine(directory.Certificates, "server.crt"), Path.Combine(directory.Certificates, "server.key"));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBody;
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = _certificate,
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (certificate, _, _) => IsOurs(certificate),
            }));
        });
        _web = builder.Build();
        _web.Run(AnswerAsync);
    }

    /// <exception cref="UpException">Nothing can listen there, or a certificate cannot be read.</exception>
    public static async Task<Receiver> StartAsync(UpDirectory directory, int port, ILoggerFactory loggers, CancellationToken cancellation)
    {
        Directory.CreateDirectory(directory.Sessions);
        try
        {
            var receiver = new Receiver(directory, port, loggers);
            await receiver._web.StartAsync(cancellation);
            return receiver;
        }
        catch (Exception failure) when (failure is IOException or CryptographicException)
        {
            throw new UpException($"the receiver cannot start: {failure.InnerException?.Message ?? failure.Message}", failure);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(StopTime);
        await _web.StopAsync(limit.Token);
        await _web.DisposeAsync();
        await _files.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        if (FileFor(request.Path.Value ?? "") is not { } path)
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        else if (!HttpMethods.IsPost(request.Method))
            context.Response.StatusCode = StatusCodes.Status405MethodNotAllowed;
        else
            context.Response.StatusCode = await TakeAsync(path, request, context.RequestAborted);
    }

    private async Task<int> TakeAsync(string path, HttpRequest request, CancellationToken cancellation)
    {
        using var body = new MemoryStream((int)Math.Min(request.ContentLength ?? 0, MaxBody));
        await request.Body.CopyToAsync(body, cancellation);
        var lines = new ArrayBufferWriter<byte>((int)body.Length + 1024);
        if (!ReceivedBody.TryWriteLines(body.GetBuffer().AsSpan(0, (int)body.Length), lines))
            return StatusCodes.Status400BadRequest;
        try
        {
            await _files.AppendAsync(path, lines.WrittenMemory, cancellation);
            return StatusCodes.Status200OK;
        }
        catch (IOException failure)
        {
            UpLog.NotWritten(_log, path, failure.Message);
            return StatusCodes.Status503ServiceUnavailable;
        }
    }

    private string? FileFor(string target)
    {
        if (target == "/events.log")
            return _directory.Events;
        const string before = "/session.", after = ".log";
        if (!target.StartsWith(before, StringComparison.Ordinal) || !target.EndsWith(after, StringComparison.Ordinal) || target.Length <= before.Length + after.Length)
            return null;
        var id = target[before.Length..^after.Length];
        return id.Length <= MaxIdLength && id.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_')
            ? Path.Combine(_directory.Sessions, id + ".ndjson")
            : null;
    }

    private bool IsOurs(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid(ClientAuthentication));
        return chain.Build(certificate);
    }
}
