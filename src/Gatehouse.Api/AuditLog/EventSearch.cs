namespace Gatehouse.Api.AuditLog;

/// <summary>One page of the audit log, oldest first.</summary>
/// <param name="From">First instant, inclusive.</param>
/// <param name="To">Last instant, inclusive.</param>
/// <param name="Types">Event types wanted; empty takes all.</param>
/// <param name="Limit">Most events in the page; the server may refuse more than 1,000.</param>
/// <param name="StartKey">Empty, or the last page's <c>last_key</c>, with the other values unchanged.</param>
public sealed record EventSearch(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<string> Types, int Limit, string StartKey);
