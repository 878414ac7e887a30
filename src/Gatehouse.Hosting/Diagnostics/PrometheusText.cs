using System.Globalization;
using System.Text;

namespace Gatehouse.Hosting.Diagnostics;

/// <summary>
/// Prometheus' text form 0.0.4. Names follow the OpenTelemetry-to-Prometheus rules: dots become underscores, the unit is a suffix
/// (<c>_seconds</c>, <c>_bytes</c>), a counter ends in <c>_total</c>.
/// </summary>
internal sealed class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new(16 * 1024);

    public static string MetricName(string instrument, string? unit, MetricKind kind)
    {
        const string total = "_total";
        var name = Clean(instrument, colon: true);
        if (name.EndsWith(total, StringComparison.Ordinal))
            name = name[..^total.Length];
        if (UnitSuffix(unit) is { } suffix && !name.EndsWith(suffix, StringComparison.Ordinal))
            name += suffix;
        if (kind is MetricKind.Counter or MetricKind.ObservedCounter)
            name += total;
        return name;
    }

    public static string TypeName(MetricKind kind) => kind switch
    {
        MetricKind.Counter or MetricKind.ObservedCounter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    public static string LabelName(string tag) => Clean(tag, colon: false);

    public static void Escape(StringBuilder text, string value, bool quotes)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '\\' => text.Append(@"\\"),
                '\n' => text.Append(@"\n"),
                '"' when quotes => text.Append("\\\""),
                _ => text.Append(c),
            };
        }
    }

    public void Head(MetricFamily family)
    {
        if (family.Help.Length > 0)
        {
            _text.Append("# HELP ").Append(family.Name).Append(' ');
            Escape(_text, family.Help, quotes: false);
            _text.Append('\n');
        }
        _text.Append("# TYPE ").Append(family.Name).Append(' ').Append(TypeName(family.Kind)).Append('\n');
    }

    public void Series(MetricFamily family, MetricSeries series)
    {
        if (family.Kind != MetricKind.Histogram)
        {
            Line(family.Name, "", series.Labels, "", series.Value);
            return;
        }
        var cumulative = 0L;
        for (var i = 0; i < family.Bounds.Count; i++)
        {
            cumulative += series.Buckets[i];
            Line(family.Name, "_bucket", series.Labels, $"le=\"{Number(family.Bounds[i])}\"", cumulative);
        }
        Line(family.Name, "_bucket", series.Labels, "le=\"+Inf\"", series.Count);
        Line(family.Name, "_sum", series.Labels, "", series.Value);
        Line(family.Name, "_count", series.Labels, "", series.Count);
    }

    public override string ToString() => _text.ToString();

    private void Line(string name, string suffix, string labels, string more, double value)
    {
        _text.Append(name).Append(suffix);
        if (labels.Length + more.Length > 0)
            _text.Append('{').Append(labels).Append(labels.Length > 0 && more.Length > 0 ? "," : "").Append(more).Append('}');
        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };

    private static string? UnitSuffix(string? unit) => unit switch
    {
        null or "" or "1" => null,
        "s" => "_seconds",
        "ms" => "_milliseconds",
        "By" => "_bytes",
        _ when unit.StartsWith('{') => null,
        _ => "_" + Clean(unit, colon: false),
    };

    private static string Clean(string name, bool colon)
    {
        var clean = string.Create(name.Length, (name, colon), static (to, from) =>
        {
            for (var i = 0; i < to.Length; i++)
            {
                var c = from.name[i];
                to[i] = char.IsAsciiLetterOrDigit(c) || (c == ':' && from.colon) ? c : '_';
            }
        });
        return clean.Length > 0 && char.IsAsciiDigit(clean[0]) ? "_" + clean : clean;
    }
}
