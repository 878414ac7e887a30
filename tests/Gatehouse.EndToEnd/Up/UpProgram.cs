using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Xunit;

namespace Gatehouse.EndToEnd.Up;

/// <summary><c>gatehouse up</c> in a process of its own, its output on a pipe. Killed when the test is over.</summary>
internal sealed partial class UpProgram : IAsyncDisposable
{
    public const int Int = 2;
    public const int Term = 15;

    /// <summary>No wait of a test is longer: a machine this busy is a reason to fail, not to hang.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(90);

    private readonly Process _process;
    private readonly StringBuilder _said = new();
    private readonly Task<string> _errors;

    private UpProgram(Process process) => (_process, _errors) = (process, process.StandardError.ReadToEndAsync());

    public static UpProgram Start(string directory, params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "gatehouse");
        return new UpProgram(Process.Start(new ProcessStartInfo(program, ["up", "--dir", directory, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!);
    }

    /// <summary>Reads until a line begins with the text.</summary>
    public async Task WhenSaysAsync(string beginning)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Longest);
        while (await _process.StandardOutput.ReadLineAsync(limit.Token) is { } line)
        {
            _said.AppendLine(line);
            if (line.StartsWith(beginning, StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"it never said \"{beginning}\" but:\n{_said}{await _errors}");
    }

    /// <summary>Sends the signal, if any, and waits for the end.</summary>
    public async Task<(int Exit, string Output, string Errors)> EndAsync(int? signal)
    {
        if (signal is { } number)
            Assert.Equal(0, SendSignal(_process.Id, number));
        _said.Append(await _process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(Longest, TestContext.Current.CancellationToken));
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Longest, TestContext.Current.CancellationToken);
        return (_process.ExitCode, _said.ToString(), await _errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
