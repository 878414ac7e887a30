using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Gatehouse.Testing;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>Generator and receiver of one run, and what a sender needs to know to be between them.</summary>
internal sealed class Stage : IAsyncDisposable
{
    private readonly TestCluster _cluster = new();
    private readonly string _folder;
    private int _senders;

    private Stage(Receiver receiver, TlsFolder? tls, DateOnly day)
    {
        (Receiver, Tls, Day) = (receiver, tls, day);
        // Beside the program: /tmp may be memory, where an fsync costs nothing.
        _folder = Directory.CreateDirectory(Path.Combine(AppContext.BaseDirectory, $"run-{Guid.NewGuid():n}")).FullName;
        Identity = Path.Combine(_folder, "identity");
        File.WriteAllText(Identity, _cluster.Identity());
    }

    public ExportServer Generator { get; private set; } = null!;

    public Receiver Receiver { get; }

    public TlsFolder? Tls { get; }

    public DateOnly Day { get; }

    public string Identity { get; }

    public string AuditUrl => Receiver.Url + "/events.log";

    /// <param name="tls">Whether the receiver wants mutual TLS.</param>
    /// <param name="chunks">How often the sample is exported.</param>
    public static async Task<Stage> SetAsync(ExportSample sample, int chunks, bool tls, TimeSpan delay, DateOnly day, bool keepUids = false)
    {
        var folder = tls ? new TlsFolder() : null;
        if (folder is not null)
        {
            using var client = folder.Issue("client", server: false);
            folder.Write("client.crt", client.ExportCertificatePem());
            folder.Write("client.key", client.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        }
        var stage = new Stage(new Receiver(folder, delay, keepUids), folder, day);
        stage.Generator = await ExportServer.StartAsync(stage._cluster, day, sample.Frames, chunks);
        return stage;
    }

    /// <summary>The command line of the real program, with a state directory of its own.</summary>
    public MeasuredProcess StartHandler(string binary, params string[] more)
    {
        List<string> arguments =
        [
            "event-handler", "start",
            "--teleport-addr", Generator.Address, "--teleport-identity", Identity,
            "--storage", Path.Combine(_folder, (++_senders).ToString(CultureInfo.InvariantCulture)),
            "--fluentd-url", AuditUrl, "--fluentd-session-url", Receiver.Url + "/session",
            "--start-time", Day.ToString("yyyy-MM-dd'T00:00:00Z'", CultureInfo.InvariantCulture),
            .. more,
        ];
        if (Tls is not null)
            arguments.AddRange(["--fluentd-ca", Tls.Ca, "--fluentd-cert", Tls.PathOf("client.crt"), "--fluentd-key", Tls.PathOf("client.key")]);
        return new MeasuredProcess(binary, arguments);
    }

    public MeasuredProcess StartPlainSender()
    {
        List<string> arguments = [PlainSender.Verb, Generator.Address, Identity, Day.ToString("o", CultureInfo.InvariantCulture), AuditUrl];
        if (Tls is not null)
            arguments.AddRange([Tls.Ca, Tls.PathOf("client.crt"), Tls.PathOf("client.key")]);
        return new MeasuredProcess(Environment.ProcessPath!, arguments);
    }

    public async ValueTask DisposeAsync()
    {
        await Generator.DisposeAsync();
        await Receiver.DisposeAsync();
        Tls?.Dispose();
        _cluster.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
