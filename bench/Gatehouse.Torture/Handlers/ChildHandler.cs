using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Gatehouse.Torture.Handlers;

/// <summary>The built program as a process of its own.</summary>
internal sealed partial class ChildHandler : IHandler
{
    private const int Hup = 1;
    private const int Term = 15;
    private static readonly int Stop = OperatingSystem.IsMacOS() ? 17 : 19;
    private static readonly int Continue = OperatingSystem.IsMacOS() ? 19 : 18;

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Action _reloaded;

    private ChildHandler(Process process, StreamWriter log, Action reloaded)
    {
        (_process, _log, _reloaded) = (process, log, reloaded);
        Ended = RunAsync();
    }

    public Task<int> Ended { get; }

    /// <param name="reloaded">Called when the handler says that it has reloaded.</param>
    public static ChildHandler Start(string program, HandlerSettings settings, string logPath, Action reloaded)
    {
        var start = new ProcessStartInfo(program, settings.Arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        var log = new StreamWriter(logPath);
        log.WriteLine($"{program} {string.Join(' ', settings.Arguments)}");
        return new ChildHandler(Process.Start(start)!, log, reloaded);
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await Ended;
    }

    public void Terminate() => Signal(Term);

    public void Reload() => Signal(Hup);

    public void Pause() => Signal(Stop);

    public void Resume() => Signal(Continue);

    public async ValueTask DisposeAsync()
    {
        if (!Ended.IsCompleted)
            await KillAsync();
        _process.Dispose();
        await _log.DisposeAsync();
    }

    private async Task<int> RunAsync()
    {
        await Task.WhenAll(ReadAsync(_process.StandardError), ReadAsync(_process.StandardOutput), _process.WaitForExitAsync());
        return _process.ExitCode;
    }

    private async Task ReadAsync(StreamReader lines)
    {
        while (await lines.ReadLineAsync() is { } line)
        {
            lock (_log)
                _log.WriteLine(line);
            if (line.Contains(ReloadedWords, StringComparison.Ordinal))
                _reloaded();
        }
    }

    /// <summary>What the handler logs when the old export has stopped and the new one is about to begin.</summary>
    private const string ReloadedWords = "Configuration and credentials reloaded";

    private void Signal(int number)
    {
        // The process may be gone by itself; its status tells.
        if (!Ended.IsCompleted)
            _ = Kill(_process.Id, number);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int process, int signal);
}
