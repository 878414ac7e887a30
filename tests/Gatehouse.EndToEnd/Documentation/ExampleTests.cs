using Gatehouse.EventHandler;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Documentation;

/// <summary>Configurations that the guides show are files, and each is one the handler would start with.</summary>
public sealed class ExampleTests : IDisposable
{
    private const string Etc = "/etc/teleport-event-handler";

    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Examples() =>
        [.. Directory.GetFiles(Repository.PathOf("docs", "examples"), "*.toml").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task An_example_is_accepted_without_a_warning(string name)
    {
        // The files it names exist on its reader's machine; here they are put into a folder.
        var text = await File.ReadAllTextAsync(Repository.PathOf("docs", "examples", name), TestContext.Current.CancellationToken);
        foreach (var file in new[] { "identity", "ca.crt", "client.crt", "client.key", "client.pass" })
            _folder.Write(file, file == "client.pass" ? "secret" : "");
        var configuration = _folder.Write("example.toml", text.Replace(Etc, _folder.Path, StringComparison.Ordinal));

        IReadOnlyList<ConfigurationProblem>? warnings = null;
        var start = new CommandSpec("start", "")
        {
            Settings = StartOptions.Settings,
            Check = (values, around, problems) => StartOptions.Plan("start", values, around, problems),
            Run = (call, _) =>
            {
                warnings = StartOptions.Checked("start", call.Values, call.Around, call.Warnings).Warnings;
                return Task.FromResult(0);
            },
        };
        var run = await CommandRun.Of(
            new CommandSpec("teleport-event-handler", "") { Settings = StartOptions.Globals, Commands = [start] }, _folder.Path, null, "start", "--config", configuration);

        Assert.Equal("", run.Error);
        Assert.Empty(warnings!);
    }

    public void Dispose() => _folder.Dispose();
}
