using System.Runtime.ExceptionServices;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>Tasks that are one piece of work: when one of them fails, the rest has no reason to go on.</summary>
internal static class Together
{
    /// <summary>Returns when all have ended. The first failure stops the others and is the one that is told.</summary>
    /// <param name="tasks">Each ends soon after <paramref name="stopOthers"/>.</param>
    public static async Task RunAsync(IEnumerable<Task> tasks, CancellationTokenSource stopOthers)
    {
        var running = new List<Task>(tasks);
        Exception? first = null;
        while (running.Count > 0)
        {
            var ended = await Task.WhenAny(running).ConfigureAwait(false);
            running.Remove(ended);
            if (ended.IsCompletedSuccessfully || first is not null)
                continue;
            first = ended.Exception?.InnerException ?? new OperationCanceledException();
            await stopOthers.CancelAsync().ConfigureAwait(false);
        }
        if (first is not null)
            ExceptionDispatchInfo.Throw(first);
    }
}
