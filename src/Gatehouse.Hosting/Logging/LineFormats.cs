using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting.Logging;

/// <summary>What a pipe gets: <c>time=… level=info msg="Event sent" id=…</c>.</summary>
internal sealed class LogfmtLine : ILineFormat
{
    public void Write(StringBuilder line, in LogEntry entry)
    {
        line.Append("time=").Append(LogValue.Moment(entry.Time)).Append(" level=").Append(LogValue.Level(entry.Level)).Append(" msg=");
        Quoted(line, entry.Message);
        foreach (var (name, value) in entry.Fields)
        {
            line.Append(' ').Append(name).Append('=');
            Quoted(line, LogValue.Text(value));
        }
        if (entry.Exception is not null)
        {
            line.Append(" exception=");
            Quoted(line, entry.Exception.ToString());
        }
    }

    /// <summary>Bare when it can be read bare, as logrus does; control characters never reach the line.</summary>
    internal static void Quoted(StringBuilder line, string text)
    {
        if (text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-._/@^+:".Contains(c, StringComparison.Ordinal)))
        {
            line.Append(text);
            return;
        }
        line.Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => line.Append("\\\""),
                '\\' => line.Append("\\\\"),
                '\n' => line.Append("\\n"),
                '\r' => line.Append("\\r"),
                '\t' => line.Append("\\t"),
                _ when char.IsControl(c) => line.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => line.Append(c),
            };
        }
        line.Append('"');
    }
}

/// <summary>What a person at a terminal gets: time of day, level, words, then the fields.</summary>
internal sealed class TerminalLine(bool colour) : ILineFormat
{
    private const int MessageWidth = 44;

    public void Write(StringBuilder line, in LogEntry entry)
    {
        var (name, code) = entry.Level switch
        {
            LogLevel.Trace or LogLevel.Debug => ("DEBU", 37),
            LogLevel.Information => ("INFO", 36),
            LogLevel.Warning => ("WARN", 33),
            _ => ("ERRO", 31),
        };
        line.Append(entry.Time.ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture)).Append(' ');
        Coloured(line, name, code);
        line.Append(' ').Append(OneLine(entry.Message).PadRight(entry.Fields.Count > 0 ? MessageWidth : 0));
        foreach (var (key, value) in entry.Fields)
        {
            line.Append(' ');
            Coloured(line, key, code);
            line.Append('=');
            LogfmtLine.Quoted(line, LogValue.Text(value));
        }
        if (entry.Exception is not null)
            line.Append('\n').Append(entry.Exception);
    }

    private void Coloured(StringBuilder line, string text, int code)
    {
        if (colour)
            line.Append(CultureInfo.InvariantCulture, $"\u001b[{code}m{text}\u001b[0m");
        else
            line.Append(text);
    }

    private static string OneLine(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
}

/// <summary>One JSON object a line, for collectors.</summary>
internal sealed class JsonLine : ILineFormat
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public void Write(StringBuilder line, in LogEntry entry)
    {
        using var buffer = new MemoryStream(256);
        using (var json = new Utf8JsonWriter(buffer, Options))
        {
            json.WriteStartObject();
            json.WriteString("time", LogValue.Moment(entry.Time));
            json.WriteString("level", LogValue.Level(entry.Level));
            json.WriteString("msg", entry.Message);
            foreach (var (name, value) in entry.Fields)
                WriteField(json, name, value);
            if (entry.Exception is not null)
                json.WriteString("exception", entry.Exception.ToString());
            json.WriteEndObject();
        }
        line.Append(Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }

    private static void WriteField(Utf8JsonWriter json, string name, object? value)
    {
        switch (value)
        {
            case int or long or uint:
                json.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                json.WriteNumber(name, number);
                break;
            case bool yes:
                json.WriteBoolean(name, yes);
                break;
            case null:
                json.WriteNull(name);
                break;
            default:
                json.WriteString(name, LogValue.Text(value));
                break;
        }
    }
}
