using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cluster.Tests;

/// <summary>Keeps what was logged at a level or above, and lets a test wait for an event.</summary>
internal sealed class LoggedLines(LogLevel from = LogLevel.Warning) : ILoggerFactory, ILogger
{
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _seen = [];

    public List<string> Lines { get; } = [];

    /// <summary>Ends when an event of this id has been logged.</summary>
    public Task Seen(int id) => Source(id).Task.WaitAsync(TimeSpan.FromSeconds(30));

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= from;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        lock (Lines)
            Lines.Add(formatter(state, exception));
        Source(eventId.Id).TrySetResult();
    }

    public void Dispose()
    {
    }

    private TaskCompletionSource Source(int id) => _seen.GetOrAdd(id, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
