using System.IO.Compression;
using System.Net.Security;
using System.Security.Authentication;
using System.Text.Json.Nodes;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Running;

/// <summary>A receiver that demands the client certificate of its folder's authority, and keeps what it gets.</summary>
internal sealed class MtlsReceiver : IAsyncDisposable
{
    private readonly ScriptedReceiver _receiver;

    private MtlsReceiver(ScriptedReceiver receiver) => _receiver = receiver;

    public int Port => _receiver.Port;

    public string Url => $"https://localhost:{Port}";

    /// <summary>See <see cref="ScriptedReceiver.AnswerBody"/>.</summary>
    public Func<string, ReceiverAnswer?> AnswerBody
    {
        set => _receiver.AnswerBody = value;
    }

    public IReadOnlyList<ReceivedRequest> Requests => _receiver.Requests;

    /// <param name="answers">Answers in order, the last one for all that follow; none means 200 always.</param>
    public static MtlsReceiver Start(TlsFolder tls, params ReceiverAnswer[] answers) =>
        Start(tls, ordinal => answers.Length == 0 ? ReceiverAnswer.Ok : answers[Math.Min(ordinal, answers.Length - 1)]);

    public static MtlsReceiver Start(TlsFolder tls, Func<int, ReceiverAnswer> script, SslProtocols protocols = SslProtocols.None) =>
        new(ScriptedReceiver.StartScript(script, new SslServerAuthenticationOptions
        {
            ServerCertificate = tls.Server,
            ClientCertificateRequired = true,
            EnabledSslProtocols = protocols,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.Issuer == "CN=test authority",
        }));

    /// <summary>Waits until so many requests have arrived.</summary>
    public async Task WhenRequestsAsync(int count)
    {
        while (_receiver.Requests.Count < count)
            await NextAsync($"{_receiver.Requests.Count} of {count} requests came");
    }

    /// <summary>Waits until a request satisfies the condition.</summary>
    public async Task WhenRequestAsync(Func<ReceivedRequest, bool> condition)
    {
        while (!_receiver.Requests.Any(condition))
            await NextAsync($"the request did not come; {_receiver.Requests.Count} others did");
    }

    /// <summary>The events of a request's body, whatever its form.</summary>
    public static IReadOnlyList<JsonNode> Events(ReceivedRequest request)
    {
        var body = request.Body;
        if (request.Header("Content-Encoding") == "gzip")
        {
            using var plain = new MemoryStream();
            using (var gzip = new GZipStream(new MemoryStream(body), CompressionMode.Decompress))
                gzip.CopyTo(plain);
            body = plain.ToArray();
        }
        return JsonNode.Parse(body) is JsonArray array ? [.. array.Select(item => item!)] : [JsonNode.Parse(body)!];
    }

    public ValueTask DisposeAsync() => _receiver.DisposeAsync();

    private async Task NextAsync(string complaint)
    {
        try
        {
            await _receiver.NextRequestAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail(complaint);
        }
    }
}
