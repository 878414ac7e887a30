using Gatehouse.Events;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Which events the user wants, told from the header alone.</summary>
/// <param name="types">Wanted types; empty means all.</param>
/// <param name="skipped">Types not wanted, whatever <paramref name="types"/> says.</param>
/// <param name="oldest">Oldest event time wanted, UTC, inclusive.</param>
internal sealed class EventFilter(IEnumerable<string> types, IEnumerable<string> skipped, DateTime oldest)
{
    private readonly HashSet<string> _types = [.. types];
    private readonly HashSet<string> _skipped = [.. skipped];

    public bool Wants(in EventHeader header) =>
        (_types.Count == 0 || _types.Contains(header.Type))
        && !_skipped.Contains(header.Type)
        && !IsTooOld(header.Time);

    // An event without a usable time is not dropped for the lack of it.
    private bool IsTooOld(DateTime eventTime) => eventTime < oldest && eventTime != DateTime.MinValue;
}
