using System.Text;

namespace Gatehouse.EndToEnd.Running;

/// <summary>A log line as logrus writes it into a pipe: <c>level=info msg="…" key=value</c>. Ours has a time in front.</summary>
internal sealed record LogLine(string Level, string Message, IReadOnlyDictionary<string, string> Fields)
{
    /// <summary>The log lines of a text; what is none of them is left out.</summary>
    public static IReadOnlyList<LogLine> AllOf(string text) =>
        [.. text.Split('\n').Where(line => line.Contains("level=", StringComparison.Ordinal) && line.Contains(" msg=", StringComparison.Ordinal)).Select(Parse)];

    private static LogLine Parse(string line)
    {
        var fields = new Dictionary<string, string>();
        for (var at = 0; at < line.Length;)
        {
            var equals = line.IndexOf('=', at);
            if (equals < 0)
                break;
            var name = line[at..equals];
            (var value, at) = Value(line, equals + 1);
            fields.TryAdd(name, value);
        }
        return new LogLine(fields["level"], fields["msg"], fields);
    }

    private static (string Value, int Next) Value(string line, int at)
    {
        if (at >= line.Length || line[at] != '"')
        {
            var end = line.IndexOf(' ', at);
            return end < 0 ? (line[at..], line.Length) : (line[at..end], end + 1);
        }
        var value = new StringBuilder();
        for (at++; at < line.Length && line[at] != '"'; at++)
        {
            if (line[at] != '\\' || at + 1 == line.Length)
            {
                value.Append(line[at]);
                continue;
            }
            at++;
            value.Append(line[at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', var other => other });
        }
        return (value.ToString(), at + 2);
    }
}
