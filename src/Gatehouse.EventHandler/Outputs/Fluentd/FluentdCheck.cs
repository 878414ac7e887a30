using System.Buffers;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>Looks for everything in the receiver's settings that cannot work, or works otherwise than it looks.</summary>
public static class FluentdCheck
{
    /// <summary>These belong to the framing; a different value would break it or smuggle a second request.</summary>
    private static readonly HashSet<string> OwnHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer", "Expect", "Host",
    };

    private static readonly SearchValues<char> TokenCharacters =
        SearchValues.Create("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <returns>Problems, which keep the handler from starting, and warnings, which do not.</returns>
    public static (IReadOnlyList<ConfigurationProblem> Problems, IReadOnlyList<ConfigurationProblem> Warnings) Run(FluentdPlan plan)
    {
        var problems = new List<ConfigurationProblem>();
        var warnings = new List<ConfigurationProblem>();
        CheckUrls(plan, problems, warnings);
        foreach (var (name, value) in plan.Headers)
            CheckHeader(name, value, problems);
        return (problems, warnings);
    }

    private static void CheckUrls(FluentdPlan plan, List<ConfigurationProblem> problems, List<ConfigurationProblem> warnings)
    {
        const string Example = "write it as https://host:port/path";
        if (ReceiverUrl.Parse(plan.Url, out var problem) is null)
            problems.Add(new ConfigurationProblem("fluentd-url", problem, Example));
        else if (plan.Url.Contains('#', StringComparison.Ordinal))
            warnings.Add(new ConfigurationProblem("fluentd-url", "what follows the # is never sent", "leave it out, or write %23"));

        var session = plan.SessionUrl;
        if (ReceiverUrl.Parse(FluentdEndpoints.Concatenate(session, Guid.Empty.ToString()), out problem) is null)
            problems.Add(new ConfigurationProblem("fluentd-session-url", problem, "\".<session id>.log\" is appended to the text, so it must end in a path: https://host:port/session"));
        else if (session.AsSpan(session.IndexOf("://", StringComparison.Ordinal) + 3).IndexOfAny('/', '?', '#') < 0)
            problems.Add(new ConfigurationProblem("fluentd-session-url", "it has no path, so the session id would become part of the host name", "end it in a path: https://host:port/session"));
        else if (session.Contains('#', StringComparison.Ordinal))
            warnings.Add(new ConfigurationProblem("fluentd-session-url", "it has a #, so the session id appended to it is never sent", "leave it out, or write %23"));
    }

    private static void CheckHeader(string name, Secret value, List<ConfigurationProblem> problems)
    {
        var key = $"[forward.fluentd.headers] {name}";
        if (name.Length == 0 || name.AsSpan().ContainsAnyExcept(TokenCharacters))
            problems.Add(new ConfigurationProblem(key, "this is not a header name"));
        else if (OwnHeaders.Contains(name))
            problems.Add(new ConfigurationProblem(key, "this header is set by the handler itself"));
        if (value.Reveal().AsSpan().ContainsAnyExceptInRange(' ', '~'))
            problems.Add(new ConfigurationProblem(key, "the value may only have printable ASCII characters", "a line break at the end of a token file is a common cause"));
    }
}
