using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Xunit;

namespace Gatehouse.EndToEnd.Running;

/// <summary>A program in a process of its own: what it says, signals to it, and how it ends. Killed when the test is over.</summary>
internal sealed partial class RunningProgram : IAsyncDisposable
{
    public const int Hup = 1;
    public const int Int = 2;
    public const int Kill = 9;
    public const int Usr1 = 10;
    public const int Term = 15;

    /// <summary>No wait of a test is longer: a machine this busy is a reason to fail, not to hang.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly ProgramVoice _output;
    private readonly ProgramVoice _errors;

    private RunningProgram(Process process)
    {
        _process = process;
        _output = new ProgramVoice(process.StandardOutput);
        _errors = new ProgramVoice(process.StandardError);
    }

    /// <summary>What it has written to standard error so far.</summary>
    public string Errors => _errors.Text;

    /// <param name="directory">Working directory.</param>
    /// <param name="environment">In addition to the test's own, of which nothing of the handler's is passed on.</param>
    public static RunningProgram Start(string program, string directory, IReadOnlyDictionary<string, string>? environment, string? input, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = directory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("FDFWD_", StringComparison.Ordinal) || name.StartsWith("FDWRD_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(name);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        var process = Process.Start(start)!;
        if (input is not null)
            process.StandardInput.Write(input);
        process.StandardInput.Close();
        return new RunningProgram(process);
    }

    public void Signal(int signal) => Assert.Equal(0, SendSignal(_process.Id, signal));

    /// <summary>Ends when standard error contains the text, or fails when the program is over without it.</summary>
    public Task WhenSaysAsync(string text) => _errors.WhenSaysAsync(text, Longest);

    /// <summary>Ends when standard output contains the text, or fails when the program is over without it.</summary>
    public Task WhenPrintsAsync(string text) => _output.WhenSaysAsync(text, Longest);

    /// <summary>Waits for the end of the program.</summary>
    public async Task<ProgramEnd> EndAsync()
    {
        try
        {
            await Task.WhenAll(_process.WaitForExitAsync(), _output.Ended, _errors.Ended).WaitAsync(Longest, TestContext.Current.CancellationToken);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"it did not end, having said:\n{_output.Text}{Errors}");
        }
        return new ProgramEnd(_process.ExitCode, _output.Text, Errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        await Task.WhenAll(_output.Ended, _errors.Ended);
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}

/// <summary>How a program ended.</summary>
internal sealed record ProgramEnd(int Exit, string Output, string Errors)
{
    public IReadOnlyList<LogLine> Log => LogLine.AllOf(Errors);

    /// <summary>The messages of the log, in order.</summary>
    public IReadOnlyList<string> Messages => [.. Log.Select(line => line.Message)];

    /// <summary>What it printed, a JSON document a line; fails when the program did.</summary>
    public IReadOnlyList<JsonNode> Lines()
    {
        Assert.True(Exit == 0, Errors);
        return [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];
    }
}
