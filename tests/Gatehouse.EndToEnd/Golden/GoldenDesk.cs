using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>
/// The desk at which the captures were taken, built again: a folder with the credentials their command lines name, the cluster and a
/// receiver that asks for client certificates. Addresses of the captures become the ones here.
/// </summary>
internal sealed partial class GoldenDesk : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCluster _identity = new();
    private readonly TlsFolder _tls = new();

    private GoldenDesk()
    {
        Directory.CreateDirectory(Config);
        File.Copy(_tls.Ca, At("ca.crt"));
        using (var client = _tls.Issue("client", server: false))
            WritePair("client", client);
        using (var server = _tls.Issue("localhost", server: true))
        {
            WritePair("server", server);
            using var key = server.GetECDsaPrivateKey()!;
            Write("server.key", key.ExportEncryptedPkcs8PrivateKeyPem("secret", new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 1000)));
        }
        using (var other = ECDsa.Create(ECCurve.NamedCurves.nistP256))
            Write("ca.key", other.ExportECPrivateKeyPem());
        // Longer than a day, or the handler warns.
        Write("identity", _identity.Identity(notAfter: DateTimeOffset.UtcNow.AddDays(7)));
        Write("identity-1m", _identity.Identity(notAfter: DateTimeOffset.UtcNow.AddDays(-3)));
        using var auth = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Write("auth.key", TestCluster.KeyPem(auth));
        using (var user = _identity.User(auth, notAfter: DateTimeOffset.UtcNow.AddDays(7)))
            Write("auth.crt", user.ExportCertificatePem());
        Write("auth.cas", _identity.HostCa.ExportCertificatePem());
    }

    public ScriptedCluster Cluster { get; private set; } = null!;

    public MtlsReceiver Receiver { get; private set; } = null!;

    public TlsFolder Tls => _tls;

    /// <summary><c>${DIR}</c> of the captures.</summary>
    public string Dir => _folder.Path;

    /// <summary><c>${CFG}</c> of the captures, and the working directory.</summary>
    public string Config => _folder["config"];

    public string ClusterAddress => $"127.0.0.1:{Cluster.Port}";

    /// <param name="answers">Of the receiver; none means 200 always.</param>
    public static async Task<GoldenDesk> SetUpAsync(params ReceiverAnswer[] answers)
    {
        var desk = new GoldenDesk();
        desk.Cluster = await GoldenData.ClusterAsync(desk._identity);
        desk.Receiver = MtlsReceiver.Start(desk._tls, answers);
        return desk;
    }

    /// <summary>Starts ours with the words of a capture; further flags win over them.</summary>
    public RunningProgram Start(Transcript transcript, params IEnumerable<string> further) =>
        StartWith(transcript.Env?.ToDictionary(pair => pair.Key, pair => Here(pair.Value)), [.. transcript.Command.Skip(1).Select(Here), .. further]);

    /// <summary>Starts ours, by the name the field knows.</summary>
    public RunningProgram Start(params IEnumerable<string> arguments) => StartWith(null, arguments);

    public RunningProgram StartWith(IReadOnlyDictionary<string, string>? environment, params IEnumerable<string> arguments) =>
        RunningProgram.Start(Binaries.EventHandler, Config, environment, null, arguments);

    /// <summary>Runs ours with the words of a capture to its end.</summary>
    public async Task<ProgramEnd> RunAsync(Transcript transcript, params IEnumerable<string> further)
    {
        await using var program = Start(transcript, further);
        return await program.EndAsync();
    }

    public async Task<ProgramEnd> RunAsync(params IEnumerable<string> arguments)
    {
        await using var program = Start(arguments);
        return await program.EndAsync();
    }

    /// <summary>The flags every start of the captures had, with a storage of its own.</summary>
    public string[] StartFlags(string storage) =>
    [
        "start", $"--fluentd-url={Receiver.Url}/test.log", $"--fluentd-session-url={Receiver.Url}/session",
        "--fluentd-ca=ca.crt", "--fluentd-cert=client.crt", "--fluentd-key=client.key",
        $"--storage={Path.Combine(Dir, storage)}", "--teleport-identity=identity", $"--teleport-addr={ClusterAddress}",
    ];

    /// <summary>Where the handler keeps its state below a storage.</summary>
    public string StateOf(string storage) => Path.Combine(Dir, storage, ClusterAddress.Replace(':', '_'));

    /// <summary>A text of the captures with the addresses and folders of here.</summary>
    public string Here(string text) => FluentdPort()
        .Replace(text.Replace("127.0.0.1:3025", ClusterAddress, StringComparison.Ordinal), $"//localhost:{Receiver.Port}$1")
        .Replace("${DIR}", Dir, StringComparison.Ordinal)
        .Replace("${CFG}", Config, StringComparison.Ordinal)
        .Replace("127.0.0.1_3025", ClusterAddress.Replace(':', '_'), StringComparison.Ordinal);

    public string At(string name) => Path.Combine(Config, name);

    public void Write(string name, string text) => File.WriteAllText(At(name), text);

    public async ValueTask DisposeAsync()
    {
        await Receiver.DisposeAsync();
        await Cluster.DisposeAsync();
        _identity.Dispose();
        _tls.Dispose();
        _folder.Dispose();
    }

    private void WritePair(string name, X509Certificate2 certificate)
    {
        using var key = certificate.GetECDsaPrivateKey()!;
        Write($"{name}.crt", certificate.ExportCertificatePem());
        Write($"{name}.key", key.ExportPkcs8PrivateKeyPem());
    }

    [GeneratedRegex(@"//localhost:(?:8888|9[1-9]\d\d)(/|$|\.)")]
    private static partial Regex FluentdPort();
}
