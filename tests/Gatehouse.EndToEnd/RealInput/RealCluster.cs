using System.Text.RegularExpressions;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.RealInput;

/// <summary>
/// <c>gatehouse start</c> in a process of its own, over the log and the recordings of a real cluster, brought in by
/// <c>gatehouse audit-log import</c>. Credentials come from <c>gatehouse auth sign</c>.
/// </summary>
public sealed partial class RealCluster : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private RunningProgram? _auth;

    internal static string EventsFile { get; } = Repository.PathOf("tests", "data", "real-events", "events.ndjson");

    internal static string RecordingsFile { get; } = Repository.PathOf("tests", "data", "real-events", "recordings.ndjson");

    internal string Address { get; private set; } = "";

    internal string Identity => _folder["identity"];

    /// <summary>What the names of key, certificate and CAs begin with.</summary>
    internal string KeyPair => _folder["triple"];

    /// <summary>An identity whose user may read and nothing else.</summary>
    internal string Reader => _folder["reader"];

    internal string Imported { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var data = _folder["data"];
        Imported = (await GatehouseAsync("audit-log", "import", "--data-dir", data, "--cluster-name", "example.test", EventsFile, "--recordings", RecordingsFile)).Output;
        await GatehouseAsync("auth", "sign", "--data-dir", data, "--user", "teleport-event-handler", "--out", Identity, "--ttl", "48h");
        await GatehouseAsync("auth", "sign", "--data-dir", data, "--user", "teleport-event-handler", "--out", KeyPair, "--format", "tls", "--ttl", "48h");
        await GatehouseAsync("auth", "sign", "--data-dir", data, "--user", "reader", "--out", Reader, "--ttl", "48h", "--roles", "auditor");
        _auth = RunningProgram.Start(Binaries.Gatehouse, _folder.Path, null, null, "start", "--data-dir", data, "--auth-addr", "127.0.0.1:0");
        await _auth.WhenSaysAsync("is listening on");
        Address = ListeningOn().Match(_auth.Errors).Value;
    }

    public async ValueTask DisposeAsync()
    {
        if (_auth is not null)
        {
            _auth.Signal(RunningProgram.Term);
            Assert.Equal(0, (await _auth.EndAsync()).Exit);
            await _auth.DisposeAsync();
        }
        _folder.Dispose();
    }

    private async Task<ProgramEnd> GatehouseAsync(params string[] arguments)
    {
        await using var program = RunningProgram.Start(Binaries.Gatehouse, _folder.Path, null, null, arguments);
        var end = await program.EndAsync();
        Assert.True(end.Exit == 0, string.Join(' ', arguments) + "\n" + end.Output + end.Errors);
        return end;
    }

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex ListeningOn();
}
