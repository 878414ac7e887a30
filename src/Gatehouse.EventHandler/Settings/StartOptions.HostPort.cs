using System.Globalization;

namespace Gatehouse.EventHandler.Settings;

public static partial class StartOptions
{
    /// <summary><c>host:port</c> with the rules and words of Go's <c>net.SplitHostPort</c>, which names the state directory.</summary>
    private static class HostPort
    {
        public static string? Problem(string text, bool portRequired = false)
        {
            var colon = text.LastIndexOf(':');
            string? reason;
            if (colon < 0)
                reason = "missing port in address";
            else if (text.StartsWith('['))
                reason = BracketProblem(text, colon);
            else
                reason = text.IndexOf(':', StringComparison.Ordinal) < colon ? "too many colons in address" : null;
            if (reason is not null)
                return text.Length == 0 ? reason : $"address {text}: {reason}";
            if (text == ":" && !portRequired)
                return $"Can not generate cursor name from Teleport host {text}";
            var port = text[(colon + 1)..];
            return int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= ushort.MaxValue
                ? null
                : $"address {text}: invalid port \"{port}\"";
        }

        public static string HintForCluster(string text) =>
            text.Contains("://", StringComparison.Ordinal)
                ? "write host:port without a scheme"
                : "host:port of an auth service (port 3025) or a proxy (443 or 3080)";

        private static string? BracketProblem(string text, int colon)
        {
            var end = text.IndexOf(']', StringComparison.Ordinal);
            if (end < 0)
                return "missing ']' in address";
            if (end + 1 == colon)
                return null;
            return end + 1 < text.Length && text[end + 1] == ':' ? "too many colons in address" : "missing port in address";
        }
    }
}
