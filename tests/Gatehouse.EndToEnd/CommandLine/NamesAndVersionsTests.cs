using System.Diagnostics;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.CommandLine;

/// <summary>The program as a file on disk: what it is called is what it is.</summary>
public sealed class NamesAndVersionsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("teleport-event-handler", "version", @"^Teleport event handler v\d+\.\d+\.\d+ (git:\S+ )?\.NET 10\.\S+\n$")]
    [InlineData("teleport-plugin", "version", @"^Teleport event handler v")]
    [InlineData("gatehouse", "event-handler version", @"^Teleport event handler v")]
    [InlineData("gatehouse", "version", @"^Gatehouse v")]
    [InlineData("tctl", "version", @"^Gatehouse v")]
    [InlineData("teleport-event-handler", "--help", @"^Usage: teleport-event-handler <command>\n")]
    [InlineData("tctl", "auth sign --help", @"^Usage: tctl auth sign ")]
    public async Task A_link_with_a_known_name_is_that_program(string name, string args, string expected)
    {
        var (exit, output, error) = await RunAsync(name, args);
        Assert.Equal("", error);
        Assert.Equal(0, exit);
        Assert.Matches(expected, output);
    }

    [Fact]
    public async Task A_usage_error_ends_with_one_and_says_so_on_the_error_stream()
    {
        var (exit, output, error) = await RunAsync("teleport-event-handler", "strat");
        Assert.Equal(1, exit);
        Assert.StartsWith("Usage: teleport-event-handler <command>", output, StringComparison.Ordinal);
        Assert.StartsWith("teleport-event-handler: error: unexpected argument strat", error, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", error, StringComparison.Ordinal);
    }

    private async Task<(int Exit, string Out, string Error)> RunAsync(string name, string args)
    {
        var link = _folder[name];
        if (!File.Exists(link))
            File.CreateSymbolicLink(link, Binaries.Gatehouse);
        using var process = Process.Start(new ProcessStartInfo(link, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await error);
    }
}
