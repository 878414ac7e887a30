using System.Text.Json;
using Gatehouse.Cli;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.CommandLine;

/// <summary>Command lines that upstream refuses: the same words and the same exit code, or a line in docs/differences.md.</summary>
public sealed class GoldenUsageErrorTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("version-flag")]
    [InlineData("configure-noargs")]
    [InlineData("configure-missing-dir")]
    [InlineData("configure-file-as-dir")]
    [InlineData("configure-6-positional")]
    [InlineData("configure-length-abc")]
    [InlineData("configure-ttl-bad")]
    [InlineData("configure-ttl-neg")]
    [InlineData("configure-relative-up")]
    public async Task A_wrong_command_line_has_upstreams_words_and_exit_code(string name)
    {
        var golden = Transcript(name);
        Directory.CreateDirectory(_folder["work", "out"]);
        Directory.CreateDirectory(_folder["work", "out2"]);
        Directory.CreateDirectory(_folder["work", "out8"]);
        // The capture ran one level below the directory it names.
        var top = name == "configure-relative-up" ? _folder.Path : _folder["work"];
        var run = await RunAsync(golden.Command);
        Assert.Equal(golden.Exit, run.Exit);
        Assert.Equal(Words(golden.Stderr).Replace("${DIR}", top, StringComparison.Ordinal), Words(run.Error));
        Assert.StartsWith("Usage: teleport-event-handler", run.Out, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("noargs", "more-commands", "expected one of \"version\",  \"configure\",  \"start\",  \"check\",  \"state\",  \"dead-letters\"")]
    [InlineData("configure-length-512", "number-shown", "--length must be one of \"1024\",\"2048\",\"4096\" but got \"512\"")]
    [InlineData("configure-guide-literal", "readme-settings", "expected \"<out>\"")]
    public async Task A_wrong_command_line_differs_as_documented(string name, string line, string expected)
    {
        Assert.Contains($"| `{line}` |", File.ReadAllText(Repository.PathOf("docs", "differences.md")), StringComparison.Ordinal);
        Directory.CreateDirectory(_folder["work", "out"]);
        var golden = Transcript(name);
        var run = await RunAsync(golden.Command);
        Assert.Equal(golden.Exit, run.Exit);
        Assert.Equal(expected, Words(run.Error));
        Assert.NotEqual(Words(golden.Stderr), Words(run.Error));
    }

    [Theory]
    [InlineData("help")]
    [InlineData("help-start")]
    [InlineData("help-configure")]
    public async Task Help_shows_every_flag_argument_and_command_that_upstreams_shows(string name)
    {
        var golden = Transcript(name);
        var run = await RunAsync(golden.Command);
        Assert.Equal(0, run.Exit);
        Assert.Equal("", run.Error);
        foreach (var line in golden.Stdout.Split('\n').Where(line => line.TrimStart().Length > 0))
        {
            var first = line.TrimStart().Split(' ', '=', ',')[0];
            if (first.StartsWith('-') || first.StartsWith('<') || first.StartsWith("[<", StringComparison.Ordinal))
                Assert.Contains(first, run.Out, StringComparison.Ordinal);
            else if (line.EndsWith(':'))
                Assert.Contains($"\n{line}\n", run.Out, StringComparison.Ordinal);
        }
    }

    private Task<CommandRun> RunAsync(string[] command)
    {
        Directory.CreateDirectory(_folder["work"]);
        return CommandRun.Of(FrontDoor.TreeFor(command[0]), _folder["work"], null, command[1..]);
    }

    private static string Words(string stderr) => stderr.Split('\n')[0].Split(": error: ", 2)[1];

    private static Golden Transcript(string name)
    {
        var path = Repository.PathOf("tests", "data", "handler-golden", "transcripts", "cli-and-configure.json");
        return JsonSerializer.Deserialize<List<Golden>>(File.ReadAllText(path), JsonSerializerOptions.Web)!.Single(entry => entry.Name == name);
    }

    private sealed record Golden(string Name, string[] Command, string Stdout, string Stderr, int Exit);
}
