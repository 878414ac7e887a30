using System.Runtime.InteropServices;

namespace Gatehouse.Hosting.Lifetime;

/// <summary>
/// The signals a long-running command answers: TERM and INT ask it to finish what it has and end, a second INT ends it at once,
/// HUP asks it to read its configuration again (event-handler spec 8, with its defects mended). USR1 does nothing.
/// </summary>
public sealed class ProcessSignals : IDisposable
{
    /// <summary>Exit status of a process ended by a second INT: 128 + SIGINT, as a shell would say it.</summary>
    public const int StoppedAtOnce = 130;

    /// <summary>Raw, as it has no name in .NET, and other numbers on Linux and macOS.</summary>
    private static readonly int Usr1 = OperatingSystem.IsMacOS() ? 30 : 10;

    private readonly CancellationTokenSource _stop = new();
    private readonly SemaphoreSlim _reload = new(0);
    private readonly List<PosixSignalRegistration> _registrations;
    private int _interrupts;

    /// <param name="stopAtOnce">Ends the process without waiting for anything; gets the exit status.</param>
    public ProcessSignals(Action<int>? stopAtOnce = null)
    {
        var exit = stopAtOnce ?? Environment.Exit;
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
            {
                signal.Cancel = true;
                RequestStop();
            }),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, signal =>
            {
                signal.Cancel = true;
                if (Interlocked.Increment(ref _interrupts) > 1)
                    exit(StoppedAtOnce);
                RequestStop();
            }),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal =>
            {
                signal.Cancel = true;
                RequestReload();
            }),
            // Without a handler it would end the process; scripts send it to ask other releases for a profile.
            PosixSignalRegistration.Create((PosixSignal)Usr1, signal => signal.Cancel = true),
        ];
    }

    /// <summary>Fires with the first TERM or INT.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Waits for the next HUP. Several that came meanwhile count as one.</summary>
    public async Task WaitForReloadAsync(CancellationToken cancellation)
    {
        await _reload.WaitAsync(cancellation).ConfigureAwait(false);
        while (_reload.Wait(0, CancellationToken.None))
        {
        }
    }

    /// <summary>What a TERM does; also for a command that ends itself.</summary>
    public void RequestStop() => _stop.Cancel();

    /// <summary>What a HUP does.</summary>
    public void RequestReload() => _reload.Release();

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _stop.Dispose();
        _reload.Dispose();
    }
}
