using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Credentials;
using Gatehouse.Api.Dialing;
using Gatehouse.Api.Grpc;
using Google.Protobuf;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>
/// What everything is compared with: the straightforward program. Reads the same export, parses each message with Google.Protobuf,
/// formats it with its JsonFormatter, posts it with HttpClient and waits for the answer before the next. Keeps no checkpoint, which
/// the handler does.
/// </summary>
internal static class PlainSender
{
    /// <summary>First argument that makes this program the plain sender, in a process of its own.</summary>
    public const string Verb = "plain-sender";

    /// <param name="arguments">Address of the cluster, identity file, day, URL; then CA, certificate and key when it is https.</param>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments)
    {
        var day = DateOnly.ParseExact(arguments[2], "o", CultureInfo.InvariantCulture);
        var dialer = new ClusterDialer(arguments[0], CredentialSource.FromIdentityFile(arguments[1]), TimeProvider.System);
        using var channel = new GrpcChannel(new GrpcChannelOptions { Connect = dialer.ConnectAsync });
        var log = new AuditLogClient(channel);
        using var handler = new SocketsHttpHandler { SslOptions = TlsOf(arguments) };
        using var http = new HttpClient(handler);
        var url = new Uri(arguments[3]);
        var chunks = new List<string>();
        await foreach (var chunk in log.ExportChunksAsync(day, CancellationToken.None))
            chunks.Add(chunk);
        foreach (var chunk in chunks)
        {
            await using var stream = await log.ExportAsync(day, chunk, "", CancellationToken.None);
            while (await stream.WaitToReadAsync(CancellationToken.None))
            {
                while (Next(stream) is { } json)
                {
                    using var content = new StringContent(json, Encoding.UTF8, "application/json");
                    using var answer = await http.PostAsync(url, content);
                    answer.EnsureSuccessStatusCode();
                }
            }
        }
        // Whoever measures still wants to ask the kernel about this process, and ends it.
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    private static string? Next(GrpcMessageStream stream) =>
        stream.TryRead(out var message) ? JsonFormatter.Default.Format(ExportEventUnstructured.Parser.ParseFrom(message).Event.Unstructured) : null;

    private static SslClientAuthenticationOptions TlsOf(IReadOnlyList<string> arguments)
    {
        if (arguments.Count < 7)
            return new SslClientAuthenticationOptions();
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(arguments[4]);
        return new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = policy,
            ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(arguments[5], arguments[6]), null, offline: true),
        };
    }
}
