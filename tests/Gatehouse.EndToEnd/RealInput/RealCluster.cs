using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.RealInput;

/// <summary>
/// <c>gatehouse start</c> in a process of its own, over the log and the recordings of a real cluster, brought in by
/// <c>gatehouse audit-log import</c>. Credentials come from <c>gatehouse auth sign</c>.
/// </summary>
public sealed class RealCluster : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private AuthServiceProgram? _auth;

    internal static string EventsFile { get; } = Repository.PathOf("tests", "data", "real-events", "events.ndjson");

    internal static string RecordingsFile { get; } = Repository.PathOf("tests", "data", "real-events", "recordings.ndjson");

    internal AuthServiceProgram Auth => _auth!;

    /// <summary>An identity file that the handler can use.</summary>
    internal string Identity { get; private set; } = "";

    /// <summary>What the import said.</summary>
    internal string Imported { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        var data = _folder["data"];
        Imported = await AuthServiceProgram.ImportAsync(data, EventsFile, "--recordings", RecordingsFile);
        Identity = await AuthServiceProgram.SignAsync(data, "teleport-event-handler");
        _auth = await AuthServiceProgram.StartAsync(data);
    }

    public async ValueTask DisposeAsync()
    {
        if (_auth is not null)
            await _auth.DisposeAsync();
        _folder.Dispose();
    }
}
