using System.Text;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting.Logging;

/// <summary>One log line before it has a form. Fields are the message's parameters in the order it declares them.</summary>
internal readonly record struct LogEntry(
    DateTimeOffset Time, LogLevel Level, string Message, IReadOnlyList<KeyValuePair<string, object?>> Fields, Exception? Exception);

internal interface ILineFormat
{
    void Write(StringBuilder line, in LogEntry entry);
}

/// <summary>Writes each entry as one line. Lines of concurrent writers never mix.</summary>
internal sealed class LineLoggerProvider(ILineFormat format, Stream output, TimeProvider time) : ILoggerProvider
{
    private readonly Lock _gate = new();

    public ILogger CreateLogger(string categoryName) => new LineLogger(this);

    public void Dispose() => output.Flush();

    private void Write(LogLevel level, string message, List<KeyValuePair<string, object?>> fields, Exception? exception)
    {
        var line = new StringBuilder(256);
        format.Write(line, new LogEntry(time.GetUtcNow(), level, message, fields, exception));
        line.Append('\n');
        var bytes = Encoding.UTF8.GetBytes(line.ToString());
        lock (_gate)
        {
            try
            {
                output.Write(bytes);
            }
            catch (IOException)
            {
                // Whoever read our standard error is gone. Losing the log must not stop the work it tells of.
            }
        }
    }

    /// <summary>Values that already stand in the text are not said twice.</summary>
    private static List<KeyValuePair<string, object?>> FieldsBesideTheText(IReadOnlyList<KeyValuePair<string, object?>> fields)
    {
        var template = fields.FirstOrDefault(field => field.Key == "{OriginalFormat}").Value as string ?? "";
        return [.. fields
            .Where(field => field.Key != "{OriginalFormat}" && !StandsIn(template, field.Key))
            .Select(field => KeyValuePair.Create(LogValue.Name(field.Key), field.Value))];
    }

    private static bool StandsIn(string template, string field) =>
        template.Contains("{" + field + "}", StringComparison.OrdinalIgnoreCase) || template.Contains("{" + field + ":", StringComparison.OrdinalIgnoreCase);

    private sealed class LineLogger(LineLoggerProvider owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = state as IReadOnlyList<KeyValuePair<string, object?>> ?? [];
            owner.Write(logLevel, formatter(state, exception), FieldsBesideTheText(fields), exception);
        }
    }
}
