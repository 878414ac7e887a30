using System.Globalization;

namespace Gatehouse.Api.Dialing;

/// <summary>Where a cluster is reached: a host name or IP address, and a port (1 to 65535).</summary>
public sealed record ClusterAddress(string Host, int Port)
{
    /// <summary>Reads <c>host:port</c> or <c>[ipv6]:port</c>. The words of a problem are upstream's, with a hint.</summary>
    /// <returns>True with an address, or false with what is wrong.</returns>
    public static bool TryParse(string text, out ClusterAddress address, out string problem)
    {
        address = new ClusterAddress("localhost", 3025);
        problem = Split(text, out var host, out var port);
        if (problem.Length > 0)
            return false;
        if (!int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number is < 1 or > 65535)
        {
            problem = $"address {text}: \"{port}\" is no port (1 to 65535)";
            return false;
        }
        address = new ClusterAddress(host.Length == 0 ? "localhost" : host, number);
        return true;
    }

    public override string ToString() => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]:{Port}" : $"{Host}:{Port}";

    private static string Split(string text, out string host, out string port)
    {
        (host, port) = ("", "");
        var hint = "write host:port, such as auth.example.com:3025 or proxy.example.com:443";
        if (text.Length == 0)
            return $"missing port in address ({hint})";
        var colon = text.LastIndexOf(':');
        if (colon < 0)
            return $"address {text}: missing port in address ({hint})";
        if (text[0] == '[')
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
                return $"address {text}: missing ']' in address";
            if (end + 1 == text.Length)
                return $"address {text}: missing port in address ({hint})";
            if (text[end + 1] != ':' || end + 1 != colon)
                return $"address {text}: too many colons in address ({hint})";
            (host, port) = (text[1..end], text[(colon + 1)..]);
            return "";
        }
        if (text.IndexOf(':', StringComparison.Ordinal) != colon)
            return $"address {text}: too many colons in address ({hint})";
        (host, port) = (text[..colon], text[(colon + 1)..]);
        return "";
    }
}
