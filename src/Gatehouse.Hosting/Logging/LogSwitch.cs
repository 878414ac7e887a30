using System.Text;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting.Logging;

/// <summary>Which lines a process' log makes, and in what form. Both may be changed while it runs; the next line knows.</summary>
public sealed class LogSwitch(LogFormat format, LogLevel minimum)
{
    private volatile LogFormat _format = format;
    private volatile LogLevel _minimum = minimum;

    public LogFormat Format
    {
        get => _format;
        set => _format = value;
    }

    /// <summary>Lines below this level are not made.</summary>
    public LogLevel Minimum
    {
        get => _minimum;
        set => _minimum = value;
    }
}

/// <summary>Writes each line in the form that is wanted at the moment.</summary>
internal sealed class SwitchedLine(LogSwitch wanted, ILineFormat text, ILineFormat json) : ILineFormat
{
    public void Write(StringBuilder line, in LogEntry entry) => (wanted.Format == LogFormat.Json ? json : text).Write(line, entry);
}
