using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting.Logging;

/// <summary>The forms a log line can take.</summary>
public enum LogFormat
{
    /// <summary><c>level=info msg="Event sent" id=…</c>, the form logrus gives a pipe; aligned and coloured on a terminal.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}

/// <summary>Makes the logger of a process: every line goes to standard error, whole and at once.</summary>
public static class ConsoleLog
{
    /// <param name="format">Form of a line.</param>
    /// <param name="minimum">Lines below this level are not made.</param>
    /// <param name="time">Clock of the time stamps.</param>
    public static ILoggerFactory Create(LogFormat format, LogLevel minimum, TimeProvider time) => Create(new LogSwitch(format, minimum), time);

    /// <param name="wanted">Form and level, now and later.</param>
    /// <param name="time">Clock of the time stamps.</param>
    public static ILoggerFactory Create(LogSwitch wanted, TimeProvider time)
    {
        ILineFormat text = Console.IsErrorRedirected
            ? new LogfmtLine()
            : new TerminalLine(colour: Environment.GetEnvironmentVariable("NO_COLOR") is null or "");
        return Create(wanted, text, Console.OpenStandardError(), time);
    }

    /// <summary>The same lines for a file; on a terminal they would fall into what is drawn there.</summary>
    /// <param name="output">Written to until the factory is disposed; stays open.</param>
    public static ILoggerFactory Create(LogFormat format, LogLevel minimum, Stream output, TimeProvider time) =>
        Create(new LogSwitch(format, minimum), new LogfmtLine(), output, time);

    internal static ILoggerFactory Create(LogSwitch wanted, ILineFormat text, Stream output, TimeProvider time) =>
        LoggerFactory.Create(logging => logging
            .SetMinimumLevel(LogLevel.Trace)
            .AddProvider(new LineLoggerProvider(new SwitchedLine(wanted, text, new JsonLine()), output, time))
            .AddFilter(level => level >= wanted.Minimum)
            // The web server's own chatter is about requests, which have metrics; what breaks still shows.
            .AddFilter("Microsoft", LogLevel.Warning)
            .AddFilter("System", LogLevel.Warning));
}
