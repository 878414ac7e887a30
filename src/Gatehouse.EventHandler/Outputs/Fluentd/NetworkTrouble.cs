using System.Net.Sockets;
using System.Security.Authentication;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>Says in a user's words why no answer came.</summary>
internal static class NetworkTrouble
{
    public static string Describe(HttpRequestException e, ReceiverUrl url)
    {
        var plain = url.Uri.Scheme == Uri.UriSchemeHttp;
        return e.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => $"{url.Shown}: the host name is not known ({Innermost(e)})",
            HttpRequestError.SecureConnectionError => $"{url.Shown}: {Tls(e)}",
            HttpRequestError.ConnectionError => $"{url.Shown}: {(Find<AuthenticationException>(e) is null ? Innermost(e) : Tls(e))}",
            HttpRequestError.ResponseEnded when Alert(e) is { } alert => $"{url.Shown}: {alert}",
            HttpRequestError.ResponseEnded =>
                $"{url.Shown}: the connection was closed without an answer (EOF)" + (plain ? "; a port that wants https does that" : ""),
            HttpRequestError.InvalidResponse => $"{url.Shown}: the answer is not HTTP" + (plain ? "; is it a port that wants https?" : ""),
            _ => $"{url.Shown}: {Alert(e) ?? Innermost(e)}",
        };
    }

    private static string Tls(Exception e) =>
        Alert(e)
        ?? (Find<SocketException>(e) is { } reset ? reset.Message + " during the TLS handshake" : null)
        ?? (Find<AuthenticationException>(e)?.Message is { } message && message.StartsWith("tls:", StringComparison.Ordinal) ? message : null)
        ?? (Mentions(e, "frame size") || Mentions(e, "wrong version number") ? "the port does not speak TLS: is it http://?" : null)
        ?? (Find<IOException>(e) is { } ended ? ended.Message : "tls: " + Innermost(e));

    /// <summary>An alert tells what the other side disliked, and OpenSSL's text for it is stable.</summary>
    private static string? Alert(Exception e) =>
        Mentions(e, "alert certificate required") || Mentions(e, "alert handshake failure") && Mentions(e, "peer did not return")
            ? "remote error: tls: certificate required: the receiver wants a client certificate (fluentd-cert, fluentd-key)"
        : Mentions(e, "alert unknown ca") ? "remote error: tls: the receiver does not know the authority of our client certificate"
        : Mentions(e, "alert certificate expired") ? "remote error: tls: our client certificate has expired"
        : Mentions(e, "alert bad certificate") || Mentions(e, "alert certificate unknown") ? "remote error: tls: the receiver does not accept our client certificate"
        : null;

    private static bool Mentions(Exception e, string words)
    {
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            if (at.Message.Contains(words, StringComparison.OrdinalIgnoreCase))
                return true;
        }
        return false;
    }

    private static T? Find<T>(Exception e)
        where T : Exception
    {
        for (Exception? at = e; at is not null; at = at.InnerException)
        {
            if (at is T found)
                return found;
        }
        return null;
    }

    private static string Innermost(Exception e)
    {
        while (e.InnerException is { } inner)
            e = inner;
        return e.Message;
    }
}
