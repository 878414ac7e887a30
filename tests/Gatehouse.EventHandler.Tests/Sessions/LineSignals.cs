using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Tests.Sessions;

/// <summary>Log lines as signals: a test waits for the one that says what it waits for.</summary>
internal sealed class LineSignals : ILogger
{
    private readonly Lock _gate = new();
    private readonly Dictionary<int, int> _said = [];
    private readonly List<(int Id, int Count, TaskCompletionSource Reached)> _awaited = [];

    public int Count(int id)
    {
        lock (_gate)
            return _said.GetValueOrDefault(id);
    }

    /// <summary>Completes when the line was said that often.</summary>
    public Task When(int id, int count = 1)
    {
        lock (_gate)
        {
            if (_said.GetValueOrDefault(id) >= count)
                return Task.CompletedTask;
            var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _awaited.Add((id, count, reached));
            return reached.Task;
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel > LogLevel.Debug;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            var count = _said[eventId.Id] = _said.GetValueOrDefault(eventId.Id) + 1;
            foreach (var (_, _, reached) in _awaited.Where(one => one.Id == eventId.Id && one.Count <= count))
                reached.TrySetResult();
        }
    }
}
