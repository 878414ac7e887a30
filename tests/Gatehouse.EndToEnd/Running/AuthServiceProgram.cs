using System.Text.RegularExpressions;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Running;

/// <summary><c>gatehouse start</c> in a process of its own, over a data directory other commands may have filled before. Ends with TERM.</summary>
internal sealed partial class AuthServiceProgram : IAsyncDisposable
{
    private readonly string _dataDir;
    private readonly RunningProgram _program;

    private AuthServiceProgram(string dataDir, RunningProgram program, string address) => (_dataDir, _program, Address) = (dataDir, program, address);

    /// <summary>Host and port.</summary>
    public string Address { get; }

    public static async Task<AuthServiceProgram> StartAsync(string dataDir)
    {
        var program = RunningProgram.Start(
            Binaries.Gatehouse, Path.GetDirectoryName(dataDir)!, null, null, "start", "--data-dir", dataDir, "--auth-addr", "127.0.0.1:0", "--cluster-name", "example.test");
        await program.WhenSaysAsync("is listening on");
        return new AuthServiceProgram(dataDir, program, ListeningOn().Match(program.Errors).Value);
    }

    /// <summary>Brings JSON lines into the audit log.</summary>
    /// <returns>What the command said.</returns>
    public static async Task<string> ImportAsync(string dataDir, params IEnumerable<string> files) =>
        (await GatehouseAsync(["audit-log", "import", "--data-dir", dataDir, "--cluster-name", "example.test", .. files])).Output;

    /// <returns>The identity file, beside the data directory.</returns>
    public static async Task<string> SignAsync(string dataDir, string user, params IEnumerable<string> more)
    {
        var path = Path.Combine(Path.GetDirectoryName(dataDir)!, $"{user}-{Guid.NewGuid():N}");
        await GatehouseAsync(["auth", "sign", "--data-dir", dataDir, "--user", user, "--out", path, "--ttl", "48h", .. more]);
        return path;
    }

    /// <summary>Flags of the client for an identity file of this user.</summary>
    public async Task<string[]> IdentityAsync(string user, string roles) =>
        ["--identity", await SignAsync(_dataDir, user, "--roles", roles)];

    /// <summary>Flags of the client for key, certificate and authorities of this user.</summary>
    public async Task<string[]> KeyPairAsync(string user, string roles)
    {
        var path = await SignAsync(_dataDir, user, "--roles", roles, "--format", "tls");
        return ["--cert", path + ".crt", "--key", path + ".key", "--ca", path + ".cas"];
    }

    /// <summary>Calls with a command on Teleport's own Go client library.</summary>
    public async Task<ProgramEnd> CallAsync(string[] credential, params string[] arguments)
    {
        var client = Repository.Shared("peers", "bin", "teleport-api-client");
        Peer.RequireThat(client is not null, "teleport-api-client is not beside this checkout");
        await using var program = RunningProgram.Start(client!, "/", null, null, [arguments[0], "--addr", Address, "--timeout", "10s", .. credential, .. arguments[1..]]);
        return await program.EndAsync();
    }

    public async ValueTask DisposeAsync()
    {
        _program.Signal(RunningProgram.Term);
        Assert.Equal(0, (await _program.EndAsync()).Exit);
        await _program.DisposeAsync();
    }

    private static async Task<ProgramEnd> GatehouseAsync(IReadOnlyList<string> arguments)
    {
        await using var program = RunningProgram.Start(Binaries.Gatehouse, "/", null, null, arguments);
        var end = await program.EndAsync();
        Assert.True(end.Exit == 0, string.Join(' ', arguments) + "\n" + end.Output + end.Errors);
        return end;
    }

    [GeneratedRegex(@"127\.0\.0\.1:\d+")]
    private static partial Regex ListeningOn();
}
