namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// Tasks that are one piece of work and may add others to it while they run; whoever owns the group awaits them as one. When one of
/// them fails, the rest has no reason to go on.
/// </summary>
/// <param name="stopOthers">Each member ends soon after it.</param>
internal sealed class GrowingGroup(CancellationTokenSource stopOthers)
{
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? _first;
    private int _running = 1;

    /// <summary>Ends when <see cref="Close"/> was called and all have ended, with the first failure if there was one.</summary>
    public Task Completion => _ended.Task;

    /// <summary>To be called before <see cref="Close"/>, or by a member.</summary>
    public void Add(Task member)
    {
        Interlocked.Increment(ref _running);
        member.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Nobody but members adds any more.</summary>
    public void Close() => Leave();

    private void Ended(Task member)
    {
        if (!member.IsCompletedSuccessfully)
        {
            Interlocked.CompareExchange(ref _first, member.Exception?.InnerException ?? new TaskCanceledException(member), null);
            stopOthers.Cancel();
        }
        Leave();
    }

    private void Leave()
    {
        if (Interlocked.Decrement(ref _running) > 0)
            return;
        if (_first is { } failure)
            _ended.TrySetException(failure);
        else
            _ended.TrySetResult();
    }
}
