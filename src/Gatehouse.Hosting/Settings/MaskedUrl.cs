using System.Text.RegularExpressions;

namespace Gatehouse.Hosting.Settings;

/// <summary>URLs as they may be shown.</summary>
public static partial class MaskedUrl
{
    private const string Dots = "••••••";

    /// <summary>
    /// The text with user and password of a URL as dots, and query values whose name says that they are secret (guides put tokens there).
    /// The rest stays as it is, also when it is no URL.
    /// </summary>
    public static string Of(string text)
    {
        var authority = text.IndexOf("://", StringComparison.Ordinal);
        if (authority < 0)
            return text;
        authority += 3;
        var end = text.AsSpan(authority).IndexOfAny('/', '?', '#') is var stop && stop < 0 ? text.Length : authority + stop;
        var at = end == authority ? -1 : text.LastIndexOf('@', end - 1, end - authority);
        if (at >= 0)
            text = $"{text[..authority]}{Dots}@{text[(at + 1)..]}";
        return text.Contains('?', StringComparison.Ordinal) ? SecretParameter().Replace(text, $"$1{Dots}") : text;
    }

    [GeneratedRegex("([?&][^=&#]*(?:token|key|secret|pass|auth|sig)[^=&#]*=)[^&#]+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex SecretParameter();
}
