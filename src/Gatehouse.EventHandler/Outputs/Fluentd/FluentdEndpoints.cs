using System.Collections.Concurrent;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>The two doors of the receiver: the audit URL as it stands, and a session's, which is the session URL's text + <c>.&lt;sid&gt;.log</c>.</summary>
internal sealed class FluentdEndpoints
{
    /// <summary>
    /// A session id is a UUID. It comes out of event data though, and one that made a URL longer than servers read would be answered
    /// with 414 for ever.
    /// </summary>
    public const int MaxSessionIdChars = 512;

    /// <summary>Sessions stream for minutes and few at once; forgetting all of them now and then costs nothing.</summary>
    private const int MaxRemembered = 256;

    private readonly string _sessionBase;
    private readonly ConcurrentDictionary<string, ReceiverUrl> _sessions = new();

    public FluentdEndpoints(string url, string sessionUrl)
    {
        Audit = ReceiverUrl.Parse(url, out var problem) ?? throw new ArgumentException(problem, nameof(url));
        _sessionBase = sessionUrl;
        _ = SessionUrl(Guid.Empty.ToString());
    }

    public ReceiverUrl Audit { get; }

    /// <returns>Null when the session id cannot be part of a URL.</returns>
    public ReceiverUrl? Of(Destination destination)
    {
        if (destination.SessionId is not { } id)
            return Audit;
        if (_sessions.TryGetValue(id, out var known))
            return known;
        if (id.Length > MaxSessionIdChars)
            return null;
        if (_sessions.Count >= MaxRemembered)
            _sessions.Clear();
        return _sessions[id] = SessionUrl(id);
    }

    /// <summary>What is sent for this id: the concatenation of spec 5.1, with the id unable to leave its place in the URL.</summary>
    public static string Concatenate(string sessionUrl, string id) => $"{sessionUrl}.{ReceiverUrl.Escape(id)}.log";

    private ReceiverUrl SessionUrl(string id) =>
        ReceiverUrl.Parse(Concatenate(_sessionBase, id), out var problem) ?? throw new ArgumentException(problem, nameof(id));
}
