using Microsoft.Extensions.Logging;

namespace Gatehouse.Cluster.Services;

/// <summary>
/// What the web server may say through our logs: warnings and worse. Each stray connection on the port (an SSH banner, plain HTTP, a
/// scanner) is a line below that, and they come all day (teleport-wire 6.1).
/// </summary>
internal sealed class WarningsOnly(ILoggerFactory inner) : ILoggerFactory
{
    private volatile bool _started;

    /// <summary>From now on it may speak. What keeps it from starting it throws as well; logged by it too, that would be two stack traces.</summary>
    public void Started() => _started = true;

    public ILogger CreateLogger(string categoryName) => new Filter(inner.CreateLogger(categoryName), this);

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>The inner factory belongs to the process.</summary>
    public void Dispose()
    {
    }

    private sealed class Filter(ILogger inner, WarningsOnly owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => owner._started && logLevel >= LogLevel.Warning && inner.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                inner.Log(logLevel, eventId, state, exception, formatter);
        }
    }
}
