using Gatehouse.EventHandler.Outputs;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sessions;

/// <summary>Looks once a minute whether <c>dead-letters replay</c> has handed recordings back, and queues them.</summary>
internal sealed class TakenBackRecordings(RecordingsAgainFile file, SessionExporter sessions, TimeProvider time, ILogger log)
{
    internal static readonly TimeSpan Between = TimeSpan.FromMinutes(1);

    private readonly TaskCompletionSource _looked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the first look is over: what lay there at the start is queued.</summary>
    public Task WhenLooked => _looked.Task;

    public async Task RunAsync(CancellationToken stop)
    {
        using var minute = new PeriodicTimer(Between, time);
        do
        {
            try
            {
                await TakeAsync(stop).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Nothing is lost by waiting: the file stays where it is.
                Log.TakingBackFails(log, file.Path, e.Message);
            }
            _looked.TrySetResult();
        }
        while (await minute.WaitForNextTickAsync(stop).ConfigureAwait(false));
    }

    private async Task TakeAsync(CancellationToken stop)
    {
        if (!await file.TakeAsync(stop).ConfigureAwait(false))
            return;
        var durable = new List<Task>();
        await foreach (var (sessionId, nextIndex) in file.ReadAsync(stop).ConfigureAwait(false))
        {
            Log.RecordingTakenBack(log, sessionId, nextIndex);
            durable.Add(sessions.TakeBackAsync(sessionId, nextIndex, time.GetUtcNow().UtcDateTime));
        }
        // A crash before this line takes the same recordings back once more.
        await Task.WhenAll(durable).WaitAsync(stop).ConfigureAwait(false);
        file.Forget();
    }
}
