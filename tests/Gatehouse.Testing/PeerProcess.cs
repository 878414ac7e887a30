using System.Collections.Concurrent;
using System.Diagnostics;

namespace Gatehouse.Testing;

/// <summary>A real program that serves while a test runs: up when it has printed that it is, killed when the test ends.</summary>
public sealed class PeerProcess : IDisposable
{
    private readonly Process process;
    private readonly ConcurrentQueue<string> lines = new();
    private readonly TaskCompletionSource<string> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private PeerProcess(Process process) => this.process = process;

    /// <summary>The line that said it is up.</summary>
    public string ReadyLine => ready.Task.Result;

    /// <param name="isReady">Recognises the line, on either output, after which clients may come.</param>
    public static async Task<PeerProcess> StartAsync(
        string program, string folder, IEnumerable<string> arguments, Func<string, bool> isReady, CancellationToken cancellation)
    {
        var process = new Process
        {
            EnableRaisingEvents = true,
            StartInfo = new ProcessStartInfo(program, arguments)
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            },
        };
        var peer = new PeerProcess(process);
        void Take(object sender, DataReceivedEventArgs line)
        {
            if (line.Data is null)
                return;
            peer.lines.Enqueue(line.Data);
            if (isReady(line.Data))
                peer.ready.TrySetResult(line.Data);
        }
        process.OutputDataReceived += Take;
        process.ErrorDataReceived += Take;
        process.Exited += (_, _) => peer.ready.TrySetException(new InvalidOperationException($"{program} ended: {string.Join('\n', peer.lines)}"));
        process.Start();
        try
        {
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            await peer.ready.Task.WaitAsync(cancellation);
            return peer;
        }
        catch
        {
            peer.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }
}
