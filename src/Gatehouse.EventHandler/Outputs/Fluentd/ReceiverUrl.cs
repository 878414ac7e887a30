using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// A URL as the user wrote it, taken apart as little as possible: path and query go out verbatim, because receivers are told apart by
/// them and users rely on text concatenation (spec 5.1). Only what may not stand in a request line is percent-encoded.
/// </summary>
/// <param name="Uri">Without user and fragment.</param>
/// <param name="Authorization">Header value made of <c>user:password@</c>; null without.</param>
internal sealed record ReceiverUrl(Uri Uri, string? Authorization)
{
    /// <summary>What stands in the request target as it is: printable ASCII without what RFC 3986 leaves out everywhere.</summary>
    private static readonly SearchValues<char> Verbatim =
        SearchValues.Create("!$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz~");

    private static readonly SearchValues<char> NeverInHost = SearchValues.Create(" \t\"<>\\^`{|}");

    /// <summary>For logs: without user, password and query, where tokens are kept.</summary>
    public string Shown { get; } = Uri.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + PathOf(Uri);

    /// <returns>Null, and the problem in upstream's words where it has some.</returns>
    public static ReceiverUrl? Parse(string text, out string problem)
    {
        problem = "";
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        var scheme = colon > 0 ? text[..colon].ToLowerInvariant() : "";
        if (scheme is not ("http" or "https") || !text.AsSpan(colon).StartsWith("://", StringComparison.Ordinal))
        {
            problem = $"unsupported protocol scheme \"{scheme}\"";
            return null;
        }
        var rest = text.AsSpan(colon + 3);
        if (rest.IndexOf('#') is >= 0 and var fragment)
            rest = rest[..fragment];
        var pathAt = rest.IndexOfAny('/', '?');
        var authority = pathAt < 0 ? rest : rest[..pathAt];
        var target = pathAt < 0 ? "/" : rest[pathAt] == '?' ? "/" + rest[pathAt..].ToString() : rest[pathAt..].ToString();
        var at = authority.LastIndexOf('@');
        var host = authority[(at + 1)..].ToString();
        if (HasBadEscape(target))
            problem = "invalid URL escape in the path";
        else if (host.AsSpan().ContainsAny(NeverInHost) || !Uri.TryCreate($"{scheme}://{host}/", UriKind.Absolute, out var origin) || origin.Host.Length == 0)
            problem = BadHost(host);
        else
            return new ReceiverUrl(VerbatimUri(origin, target), at < 0 ? null : Basic(authority[..at]));
        return null;
    }

    /// <summary>The same receiver with another target, as a redirect names it; null when it is another receiver.</summary>
    public ReceiverUrl? Redirected(string? location)
    {
        if (location is null || !Uri.TryCreate(Uri, location, out var to))
            return null;
        var same = to.Scheme == Uri.Scheme && to.Port == Uri.Port && string.Equals(to.IdnHost, Uri.IdnHost, StringComparison.OrdinalIgnoreCase);
        return same ? this with { Uri = VerbatimUri(Uri, to.PathAndQuery) } : null;
    }

    /// <summary>Percent-encodes everything but the unreserved characters (RFC 3986 2.3), so that a value from outside stays one segment.</summary>
    public static string Escape(string value) => Encode(value, static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' or '_' or '~');

    private static Uri VerbatimUri(Uri origin, string target)
    {
        var clean = target.AsSpan().ContainsAnyExcept(Verbatim) ? Encode(target, static c => Verbatim.Contains(c)) : target;
        return new Uri(
            origin.GetComponents(UriComponents.SchemeAndServer, UriFormat.UriEscaped) + clean,
            new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
    }

    private static string Encode(string value, Predicate<char> keep)
    {
        var text = new StringBuilder(value.Length + 16);
        foreach (var b in Encoding.UTF8.GetBytes(value))
        {
            if (b < 0x80 && keep((char)b))
                text.Append((char)b);
            else
                text.Append('%').Append(b.ToString("X2", CultureInfo.InvariantCulture));
        }
        return text.ToString();
    }

    private static bool HasBadEscape(string target)
    {
        var query = target.IndexOf('?', StringComparison.Ordinal);
        var path = query < 0 ? target : target[..query];
        for (var i = path.IndexOf('%', StringComparison.Ordinal); i >= 0; i = path.IndexOf('%', i + 1))
        {
            if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2]))
                return true;
        }
        return false;
    }

    private static string BadHost(string host)
    {
        var port = host.LastIndexOf(':');
        return port >= 0 && !host.EndsWith(']') && !ushort.TryParse(host.AsSpan(port + 1), NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? $"invalid port \"{host[port..]}\" after host"
            : $"invalid host name \"{host}\"";
    }

    private static string Basic(ReadOnlySpan<char> userInfo)
    {
        var colon = userInfo.IndexOf(':');
        var user = WebUtility.UrlDecode((colon < 0 ? userInfo : userInfo[..colon]).ToString().Replace("+", "%2B", StringComparison.Ordinal));
        var password = colon < 0 ? "" : WebUtility.UrlDecode(userInfo[(colon + 1)..].ToString().Replace("+", "%2B", StringComparison.Ordinal));
        return "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
    }

    private static string PathOf(Uri uri)
    {
        var target = uri.PathAndQuery;
        var query = target.IndexOf('?', StringComparison.Ordinal);
        return query < 0 ? target : target[..query] + "?…";
    }
}
