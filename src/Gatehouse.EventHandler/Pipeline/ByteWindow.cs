namespace Gatehouse.EventHandler.Pipeline;

/// <summary>
/// Bounds the bytes under way. Someone who does not fit waits for those before him; one who is larger than the whole window goes alone.
/// For one entering task and any number of leaving ones.
/// </summary>
internal sealed class ByteWindow(long limit)
{
    private readonly Lock _gate = new();
    private long _inside;
    private (long Bytes, TaskCompletionSource Admitted)? _waiting;

    public Task EnterAsync(long bytes, CancellationToken cancellation)
    {
        TaskCompletionSource admitted;
        lock (_gate)
        {
            if (Fits(bytes))
            {
                _inside += bytes;
                return Task.CompletedTask;
            }
            admitted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting = (bytes, admitted);
        }
        return admitted.Task.WaitAsync(cancellation);
    }

    public void Leave(long bytes)
    {
        lock (_gate)
        {
            _inside -= bytes;
            if (_waiting is not { } next || !Fits(next.Bytes))
                return;
            _waiting = null;
            _inside += next.Bytes;
            next.Admitted.SetResult();
        }
    }

    private bool Fits(long bytes) => _inside == 0 || _inside + bytes <= limit;
}
