using System.Diagnostics;
using System.Globalization;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>A child process and what the kernel says about it. Stopped by TERM when disposed, killed when that takes too long.</summary>
internal sealed class MeasuredProcess : IAsyncDisposable
{
    /// <summary>Has sockets of this process complete on the thread that waits for them. Not for the processes that are measured.</summary>
    public const string InlineCompletions = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly Process _process;
    private readonly List<string> _said = [];

    public MeasuredProcess(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment.Remove(InlineCompletions);
        Started = Stopwatch.GetTimestamp();
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, line) => Said(line.Data);
        _process.ErrorDataReceived += (_, line) => Said(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Stopwatch time stamp just before the process was made.</summary>
    public long Started { get; }

    /// <summary>CPU seconds so far, user and system, in steps of 10 ms.</summary>
    public double CpuSeconds
    {
        get
        {
            var stat = File.ReadAllText($"/proc/{_process.Id}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return (long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / 100.0;
        }
    }

    /// <summary>Most memory held so far, MiB.</summary>
    public double PeakMemory => Memory("VmHWM:");

    /// <summary>Memory held now, MiB.</summary>
    public double MemoryNow => Memory("VmRSS:");

    /// <summary>Waits for <paramref name="awaited"/>, or throws with the last words of the process when it ends before that.</summary>
    public async Task UntilAsync(Task awaited, CancellationToken cancellation)
    {
        var exit = _process.WaitForExitAsync(cancellation);
        if (await Task.WhenAny(awaited, exit) == awaited)
        {
            await awaited;
            return;
        }
        cancellation.ThrowIfCancellationRequested();
        lock (_said)
            throw new InvalidOperationException($"{_process.StartInfo.FileName} ended with {_process.ExitCode}: {string.Join('\n', _said)}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)]);
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await _process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                _process.Kill();
            }
        }
        _process.Dispose();
    }

    private double Memory(string name)
    {
        var line = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith(name, StringComparison.Ordinal));
        return long.Parse(line[name.Length..^2], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) / 1024.0;
    }

    private void Said(string? line)
    {
        if (line is null)
            return;
        lock (_said)
        {
            if (_said.Count < 40)
                _said.Add(line);
        }
    }
}
