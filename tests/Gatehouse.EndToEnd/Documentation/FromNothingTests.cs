using System.Diagnostics;
using System.Text.RegularExpressions;
using Gatehouse.Cli;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Documentation;

/// <summary>The walk "From nothing" of docs/replace-teleport-event-handler.md, up to a handler that is started from somewhere else.</summary>
public sealed partial class FromNothingTests : IDisposable
{
    private const string Etc = "/etc/teleport-event-handler";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_credential_is_found_from_another_working_directory()
    {
        var etc = Directory.CreateDirectory(_folder["etc"]).FullName;
        var elsewhere = Directory.CreateDirectory(_folder["var"]).FullName;
        var configured = await GatehouseAsync(elsewhere, "event-handler", "configure", etc, "127.0.0.1:1");
        Assert.Equal((0, ""), (configured.Exit, configured.Error));
        var signed = await GatehouseAsync(etc, "auth", "sign", "--data-dir", "d", "--user", "teleport-event-handler", "--out", "identity");
        Assert.Equal((0, ""), (signed.Exit, signed.Error));

        await ShellAsync(SedOfThePage().Replace(Etc, etc, StringComparison.Ordinal));

        var check = await GatehouseAsync(elsewhere, "event-handler", "check", "--config", Path.Combine(etc, "teleport-event-handler.toml"));
        Assert.Equal("", check.Error);
        Assert.Matches(@"ok   credential: .*valid until", check.Out);
        Assert.Contains($"ok   state: {Path.Combine(elsewhere, "storage")}", check.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_relative_credential_is_looked_for_where_the_page_says()
    {
        var etc = Directory.CreateDirectory(_folder["etc"]).FullName;
        await GatehouseAsync(etc, "event-handler", "configure", etc, "127.0.0.1:1");
        _folder.Write(Path.Combine("etc", "identity"), "");
        var check = await GatehouseAsync(_folder.Path, "event-handler", "check", "--config", Path.Combine(etc, "teleport-event-handler.toml"));
        Assert.Contains($"stat {_folder["identity"]}: no such file or directory", check.Error, StringComparison.Ordinal);
    }

    private static string SedOfThePage() =>
        Sed().Match(File.ReadAllText(Repository.PathOf("docs", "replace-teleport-event-handler.md"))) is { Success: true } found
            ? found.Value
            : throw new InvalidDataException("the page says no longer how to write the path");

    private static async Task ShellAsync(string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", command]))!;
        await shell.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, shell.ExitCode);
    }

    private static Task<CommandRun> GatehouseAsync(string directory, params string[] args) => CommandRun.Of(FrontDoor.TreeFor("gatehouse"), directory, null, args);

    [GeneratedRegex(@"^sed -i 's\|\^identity .*$", RegexOptions.Multiline)]
    private static partial Regex Sed();
}
