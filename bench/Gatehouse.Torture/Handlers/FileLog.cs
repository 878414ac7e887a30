using Microsoft.Extensions.Logging;

namespace Gatehouse.Torture.Handlers;

/// <summary>What a hosted handler says, in a file of its run.</summary>
internal sealed class FileLog(string path) : ILoggerProvider, ILogger
{
    private readonly StreamWriter _file = new(path, append: true) { AutoFlush = true };

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        lock (_file)
            _file.WriteLine($"{DateTimeOffset.UtcNow:HH:mm:ss.fff} {logLevel} {formatter(state, exception)} {exception}");
    }

    public void Dispose()
    {
        lock (_file)
            _file.Dispose();
    }
}

internal static partial class HandlerLog
{
    [LoggerMessage(1, LogLevel.Critical, "The export failed")]
    public static partial void LogCriticalFailure(this ILogger log, Exception failure);
}
