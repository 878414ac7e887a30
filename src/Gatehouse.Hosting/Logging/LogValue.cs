using System.Collections;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting.Logging;

/// <summary>How names and values look in a log line.</summary>
internal static class LogValue
{
    /// <summary>Parameter names become the field's: <c>eventsPerMinute</c> is <c>events_per_minute</c>.</summary>
    public static string Name(string parameter)
    {
        var name = new StringBuilder(parameter.Length + 4);
        foreach (var c in parameter)
        {
            if (char.IsUpper(c) && name.Length > 0)
                name.Append('_');
            name.Append(char.ToLowerInvariant(c));
        }
        return name.ToString();
    }

    public static string Text(object? value) => value switch
    {
        null => "<nil>",
        string text => text,
        bool yes => yes ? "true" : "false",
        DateTimeOffset moment => Moment(moment),
        DateTime moment => Moment(moment.Kind == DateTimeKind.Unspecified ? new DateTimeOffset(moment, TimeSpan.Zero) : moment),
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        TimeSpan span => Duration(span),
        IEnumerable list => "[" + string.Join(' ', list.Cast<object?>().Select(Text)) + "]",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    public static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace => "trace",
        LogLevel.Debug => "debug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warning",
        LogLevel.Error => "error",
        _ => "fatal",
    };

    public static string Moment(DateTimeOffset moment) =>
        moment.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>As Go prints a duration: <c>1h0m0s</c>, <c>5s</c>, <c>250ms</c>.</summary>
    private static string Duration(TimeSpan span)
    {
        if (span == TimeSpan.Zero)
            return "0s";
        var text = new StringBuilder(span < TimeSpan.Zero ? "-" : "");
        span = span.Duration();
        if (span < TimeSpan.FromSeconds(1))
            return text.Append(span.TotalMilliseconds.ToString("0.###", CultureInfo.InvariantCulture)).Append("ms").ToString();
        var hours = (long)span.TotalHours;
        if (hours > 0)
            text.Append(hours).Append('h');
        if (hours > 0 || span.Minutes > 0)
            text.Append(span.Minutes).Append('m');
        var seconds = span.Seconds + (span.Ticks % TimeSpan.TicksPerSecond / (double)TimeSpan.TicksPerSecond);
        return text.Append(seconds.ToString("0.###", CultureInfo.InvariantCulture)).Append('s').ToString();
    }
}
