using System.Globalization;
using System.Net.Http.Headers;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// What an HTTP status means for the events of the request; docs/outputs/fluentd.md shows the table to users. The question behind
/// each line: would the same request succeed later without anybody touching the events? Then nothing may be given up.
/// </summary>
internal static class AnswerVerdict
{
    /// <summary>Nobody means to hold an audit log back for longer; a peer that says so has a wrong clock or a bug.</summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    /// <param name="status">HTTP status of the final answer.</param>
    /// <param name="retryAfter">The header, if there was one.</param>
    /// <param name="excerpt">The first words of the body; may be empty.</param>
    /// <param name="now">For a date in <paramref name="retryAfter"/>.</param>
    public static Verdict Of(int status, RetryConditionHeaderValue? retryAfter, string excerpt, DateTimeOffset now)
    {
        if (status is 200 or 201 or 202 or 204)
            return Verdict.Delivered.Instance;
        var reason = string.Create(CultureInfo.InvariantCulture, $"Failed to send event to fluentd (HTTP {status}){Meaning(status)}");
        if (excerpt.Length > 0)
            reason += ": " + excerpt;
        return status switch
        {
            413 => new Verdict.TooLarge(reason),
            400 or 422 => new Verdict.Refused(reason, status),
            _ => new Verdict.TryAgain(reason, Wait(retryAfter, now), status),
        };
    }

    private static string Meaning(int status) => status switch
    {
        301 or 302 or 303 => ", a redirect that would lose the event: set the URL to where it leads",
        307 or 308 => ", a redirect to another receiver: set the URL to where it leads",
        401 => ", the receiver wants a login: check the user in the URL or the Authorization header",
        403 => ", the receiver does not let us in: check token and client certificate",
        404 => ", the receiver does not know this path: check the URL",
        405 => ", the receiver takes no POST there: check the URL",
        407 => ", a proxy wants a login",
        415 => ", the receiver takes no JSON there, or not compressed: check the URL and the compression setting",
        _ => "",
    };

    private static TimeSpan? Wait(RetryConditionHeaderValue? retryAfter, DateTimeOffset now)
    {
        var wait = retryAfter?.Delta ?? (retryAfter?.Date - now);
        return wait is not { } asked ? null
            : asked <= TimeSpan.Zero ? null
            : asked < LongestRetryAfter ? asked : LongestRetryAfter;
    }
}
