using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>The receiver behind TLS: Kestrel for HTTP/2, a scripted one for words, nginx for mTLS with certificates by the README's recipe.</summary>
public sealed class FluentdTlsTests : IDisposable
{
    private readonly TlsFolder _files = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Tls_1_2_and_1_3_are_spoken(SslProtocols protocol)
    {
        await using var rig = Tls(ScriptedReceiver.StartTls(_files.Server, protocol, ReceiverAnswer.Ok));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        Assert.Equal(1, rig.Receiver.Connections);
        Assert.Equal("localhost", rig.Receiver.ServerName);
        Assert.Equal("Go-http-client/1.1", rig.Receiver.Requests[1].Header("User-Agent"));
    }

    [Fact]
    public async Task A_kept_connection_ends_with_the_closing_word_of_tls()
    {
        // Under TLS 1.2 the kind of a record can be read from outside: 21 is an alert.
        await using var receiver = ScriptedReceiver.StartTls(_files.Server, SslProtocols.Tls12, ReceiverAnswer.Ok);
        await using var between = new RecordingRelay(receiver.Port);
        await using (var rig = Tls(receiver, plan => plan with { Url = $"https://localhost:{between.Port}/t" }))
        {
            Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
            rig.Output.Dispose();
            await between.ClientEnded.WaitAsync(Stop);
        }
        Assert.Equal(21, between.KindsOfRecords[^1]);
    }

    [Fact]
    public async Task An_answer_of_413_before_the_body_is_heard_through_tls_too()
    {
        await AssertHeardAsync(ReceiverEnd.Close);
        await AssertHeardAsync(ReceiverEnd.Hang);
    }

    private async Task AssertHeardAsync(ReceiverEnd then)
    {
        var answer = ReceiverAnswer.Status(413) with { Then = then, BeforeBody = true };
        await using var rig = Tls(ScriptedReceiver.StartTls(_files.Server, SslProtocols.Tls13, answer));
        Assert.IsType<Verdict.TooLarge>(await rig.SendAsync("{\"a\":\"" + new string('x', 32 * 1024 * 1024) + "\"}"));
    }

    [Fact]
    public async Task A_host_name_that_is_not_in_the_certificate_is_named()
    {
        await using var rig = Tls(ScriptedReceiver.StartTls(_files.Issue("elsewhere.example", server: true), SslProtocols.None, ReceiverAnswer.Ok));
        var trouble = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Contains("tls: failed to verify certificate: certificate is valid for elsewhere.example, not localhost", trouble.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_another_authority_is_refused()
    {
        using var others = new TlsFolder();
        await using var rig = Tls(ScriptedReceiver.StartTls(others.Server, SslProtocols.None, ReceiverAnswer.Ok));
        var trouble = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Contains("certificate signed by unknown authority", trouble.Reason, StringComparison.Ordinal);
        Assert.Contains(_files.Ca, trouble.Reason, StringComparison.Ordinal);
        Assert.Empty(rig.Receiver.Requests);
    }

    [Fact]
    public async Task Without_a_ca_the_systems_store_decides()
    {
        await using var rig = new OutputRig(ScriptedReceiver.StartTls(_files.Server, SslProtocols.None, ReceiverAnswer.Ok));
        var trouble = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Contains("no CA file is set", trouble.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_expired_certificate_is_told_with_its_dates()
    {
        await using var rig = Tls(ScriptedReceiver.StartTls(_files.Issue("localhost", server: true, days: -1), SslProtocols.None, ReceiverAnswer.Ok));
        Assert.Contains("is valid from", Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Https_to_a_plain_port_is_recognised()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var answering = AnswerAsync();
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Url = $"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}/t" });
        var trouble = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Contains("the port does not speak TLS", trouble.Reason, StringComparison.Ordinal);
        await answering;

        // As a plain server does with a TLS hello for a request line.
        async Task AnswerAsync()
        {
            using var client = await listener.AcceptTcpClientAsync(Stop);
            _ = await client.GetStream().ReadAsync(new byte[4096], Stop);
            await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Stop);
        }
    }

    [Fact]
    public async Task Http_to_a_tls_port_gets_a_hint()
    {
        await using var rig = new OutputRig(
            ScriptedReceiver.StartTls(_files.Server, SslProtocols.None, ReceiverAnswer.Ok),
            plan => plan with { Url = plan.Url.Replace("https:", "http:", StringComparison.Ordinal) });
        Assert.Contains("https", Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}")).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_2_is_taken_where_it_is_offered()
    {
        var seen = new List<(string Protocol, string? Agent, string Body)>();
        await using var server = await StartKestrelAsync(HttpProtocols.Http1AndHttp2, async context =>
        {
            using var body = new StreamReader(context.Request.Body);
            var text = await body.ReadToEndAsync(Stop);
            lock (seen)
                seen.Add((context.Request.Protocol, context.Request.Headers.UserAgent, text));
        });
        await using var rig = Tls(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Url = server.Urls.First() + "/t", BatchSize = 10 });
        await rig.SendAsync("{}");
        var verdicts = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => rig.SendAsync($"{{\"n\":{n}}}")));
        Assert.All(verdicts, verdict => Assert.IsType<Verdict.Delivered>(verdict));
        Assert.All(seen, request => Assert.Equal("HTTP/2", request.Protocol));
        Assert.Equal("Go-http-client/2.0", seen[^1].Agent);
        Assert.Equal(21, seen.Select(request => request.Body).Distinct().Count());
    }

    [Fact]
    public async Task Over_http_2_the_batch_is_not_read_any_more_when_the_verdict_is_there()
    {
        await using var server = await StartKestrelAsync(HttpProtocols.Http2, context =>
        {
            context.Response.StatusCode = 413;
            return Task.CompletedTask;
        });
        await using var rig = Tls(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Url = server.Urls.First() + "/t", BatchSize = 10 });
        var large = "{\"a\":\"" + new string('x', 4 * 1024 * 1024) + "\"}";
        for (var i = 0; i < 5; i++)
            Assert.IsType<Verdict.TooLarge>(await rig.SendAsync(large));
    }

    [Fact]
    public async Task Over_http_2_a_success_before_the_end_of_the_request_is_not_believed()
    {
        // Kestrel sends the answer, then resets the stream with NO_ERROR.
        await using var server = await StartKestrelAsync(HttpProtocols.Http2, _ => Task.CompletedTask);
        await using var rig = Tls(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Url = server.Urls.First() + "/t", BatchSize = 10 });
        var large = "{\"a\":\"" + new string('x', 4 * 1024 * 1024) + "\"}";
        for (var i = 0; i < 3; i++)
            Assert.Contains("without having read", Assert.IsType<Verdict.TryAgain>(await rig.SendAsync(large)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_http_2_a_success_before_the_end_of_the_request_counts_when_the_rest_is_read_as_well()
    {
        var read = 0L;
        await using var server = await StartKestrelAsync(HttpProtocols.Http2, async context =>
        {
            await context.Response.StartAsync(Stop);
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, Stop);
            read = body.Length;
        });
        await using var rig = Tls(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Url = server.Urls.First() + "/t", BatchSize = 10 });
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{\"a\":\"" + new string('x', 4 * 1024 * 1024) + "\"}"));
        Assert.True(read > 4 * 1024 * 1024);
    }

    [Fact]
    public async Task Nginx_takes_our_certificate_and_refuses_without_it()
    {
        using var nginx = new NginxReceiver(_files.MakeByReadmeRecipe("the passphrase"));
        await using (var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with
        {
            Url = nginx.Url, Ca = nginx.Ca, Cert = nginx.ClientCert, Key = nginx.ClientKey, KeyPassphrase = new Secret("the passphrase"), BatchSize = 10,
        }))
        {
            await nginx.WhenReadyAsync(Stop);
            Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{\"a\":1}", "{\"a\":2}"));
        }
        await using var bare = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Url = nginx.Url, Ca = nginx.Ca });
        var verdict = Assert.IsType<Verdict.Refused>(await bare.SendAsync("{}"));
        Assert.Contains("No required SSL certificate", verdict.Reason, StringComparison.Ordinal);
    }

    private OutputRig Tls(ScriptedReceiver receiver, Func<FluentdPlan, FluentdPlan>? change = null) =>
        new(receiver, plan => change?.Invoke(plan with { Ca = _files.Ca }) ?? plan with { Ca = _files.Ca });

    private async Task<WebApplication> StartKestrelAsync(HttpProtocols protocols, RequestDelegate handle)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = protocols;
            listen.UseHttps(_files.Server);
        }));
        var server = builder.Build();
        server.Run(handle);
        await server.StartAsync(Stop);
        return server;
    }
}
