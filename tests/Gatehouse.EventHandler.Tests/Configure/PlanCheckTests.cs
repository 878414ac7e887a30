using Gatehouse.EventHandler.Configure;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Configure;

public sealed class PlanCheckTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Everything_wrong_is_said_at_once_and_nothing_written()
    {
        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder) with
        {
            Ttl = TimeSpan.FromHours(-1),
            KeyLength = 512,
            Ips = ["notanip", "10.1.2.3"],
            DnsNames = ["good.example.com", "not a name"],
            ServerName = "ca",
        });

        Assert.Equal(255, run.ExitCode);
        Assert.Equal("", run.Output);
        var lines = run.Errors.TrimEnd().Split('\n');
        Assert.Equal(5, lines.Length);
        Assert.Contains("teleport-event-handler: error: --ttl: must be greater than zero but got -1h (certificates of it would have expired)", lines);
        Assert.Contains("teleport-event-handler: error: --length must be one of \"1024\",\"2048\",\"4096\" but got '512'", lines);
        Assert.Contains("teleport-event-handler: error: --ip: \"notanip\" is not an IP address (write 10.1.2.3 or 2001:db8::1)", lines);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("10.1.2.3", true)]
    [InlineData("2001:db8::1", true)]
    [InlineData("1", false)]
    [InlineData("10.1", false)]
    [InlineData("0x0a.1.2.3", false)]
    [InlineData("", false)]
    public void Only_a_full_address_is_one(string text, bool good) => Assert.Equal(good, ConfigurePlanCheck.ParseIp(text) is not null);

    [Theory]
    [InlineData("localhost")]
    [InlineData("*.fwd.example.com")]
    [InlineData("127.0.0.1")]
    public async Task Names_that_upstream_takes_pass(string name) =>
        Assert.Equal(0, (await ConfigureRun.Of(ConfigureRun.Plan(folder) with { DnsNames = [name] })).ExitCode);

    [Fact]
    public async Task A_missing_directory_and_a_file_in_its_place_are_told_apart()
    {
        var missing = await ConfigureRun.Of(ConfigureRun.Plan(folder) with { OutDirectory = folder["nope"] });
        var file = await ConfigureRun.Of(ConfigureRun.Plan(folder) with { OutDirectory = folder.Write("file", "") });

        Assert.StartsWith($"teleport-event-handler: error: <out>: stat {folder["nope"]}: no such file or directory", missing.Errors, StringComparison.Ordinal);
        Assert.StartsWith($"teleport-event-handler: error: <out>: \"{folder["file"]}\" exists but is not a directory", file.Errors, StringComparison.Ordinal);
    }
}
