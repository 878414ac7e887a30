using Gatehouse.EventHandler.Outputs;

namespace Gatehouse.EventHandler.Tests.Sessions;

/// <summary>Takes everything but what it refuses, in memory; has no room for one event until told.</summary>
internal sealed class RememberingOutput : IDurableOutput
{
    private readonly Dictionary<string, List<string>> _taken = [];
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(int Count, TaskCompletionSource Reached)> _awaited = [];
    private volatile string? _holdAt;
    private int _total;

    public OutputLimits Limits { get; set; } = new(100, int.MaxValue, 10);

    public Task Held => _held.Task;

    /// <summary>Events refused for good, by id.</summary>
    public HashSet<string> Refused { get; } = [];

    /// <summary>Completes when that many events of all recordings were taken.</summary>
    public Task WhenTaken(int count)
    {
        lock (_taken)
        {
            if (_total >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((count, reached));
            return reached.Task;
        }
    }

    public void HoldAt(string id) => _holdAt = id;

    public void Release() => _holdAt = null;

    public IReadOnlyList<string> Of(string sessionId)
    {
        lock (_taken)
            return _taken.TryGetValue(sessionId, out var ids) ? [.. ids] : [];
    }

    public async Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation)
    {
        var ids = Enumerable.Range(slice.Start, slice.Count).Select(i => slice.Batch.TextString(slice.Batch[i].Id)).ToList();
        if (_holdAt is { } wanted && ids.Contains(wanted))
        {
            _held.TrySetResult();
            return new Verdict.TryAgain("held");
        }
        await Task.Yield();
        if (Refused.Overlaps(ids))
            return new Verdict.Refused("HTTP 400", 400);
        lock (_taken)
        {
            if (!_taken.TryGetValue(destination.SessionId!, out var taken))
                _taken[destination.SessionId!] = taken = [];
            taken.AddRange(ids);
            _total += ids.Count;
            foreach (var (_, reached) in _awaited.Where(one => one.Count <= _total))
                reached.TrySetResult();
        }
        return Verdict.Delivered.Instance;
    }
}
