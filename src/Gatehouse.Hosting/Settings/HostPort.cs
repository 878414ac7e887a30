using System.Globalization;

namespace Gatehouse.Hosting.Settings;

/// <summary>An address split by the rules of Go's <c>net.SplitHostPort</c>: <c>host:port</c>, or <c>[ipv6]:port</c>.</summary>
/// <param name="Host">Without brackets; may be empty. With a colon in it, it stood in brackets.</param>
/// <param name="Port">As written: may be empty, or a name.</param>
public sealed record HostPort(string Host, string Port)
{
    /// <summary>The port as a number, 0 to 65535; null when it is none.</summary>
    public int? Number => ushort.TryParse(Port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <param name="problem">What is wrong with the text, in Go's words, when it cannot be split.</param>
    public static HostPort? TryParse(string text, out string? problem)
    {
        problem = null;
        var colon = text.LastIndexOf(':');
        var host = text.StartsWith('[') ? InBrackets(text, colon, ref problem) : text[..Math.Max(colon, 0)];
        if (colon < 0)
            problem = "missing port in address";
        else if (!text.StartsWith('[') && host.Contains(':'))
            problem = "too many colons in address";
        if (problem is null)
            return new HostPort(host, text[(colon + 1)..]);
        problem = text.Length == 0 ? problem : $"address {text}: {problem}";
        return null;
    }

    private static string InBrackets(string text, int colon, ref string? problem)
    {
        var end = text.IndexOf(']', StringComparison.Ordinal);
        if (end < 0)
            problem = "missing ']' in address";
        else if (end + 1 != colon)
            problem = end + 1 < text.Length && text[end + 1] == ':' ? "too many colons in address" : "missing port in address";
        return problem is null ? text[1..end] : "";
    }
}
