using Gatehouse.Events;

namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// What searches delivered before the cluster had bulk export, or before it was found out: a day is exported whole, and these of its
/// events are not wanted a second time. Asked by all readers at once; replaced as days are closed, so that it ends with the last of them.
/// </summary>
internal sealed class PagedPast(PagedPlace place)
{
    private volatile IReadOnlyDictionary<UInt128, DateTime> _known = place.Known;

    public DateOnly Day => DateOnly.FromDateTime(place.Floor);

    /// <summary>How many events are known one by one.</summary>
    public int Count => _known.Count;

    public bool Holds(EventBatch batch, int index)
    {
        var eventTime = batch[index].Time;
        if (eventTime == DateTime.MinValue)
            return false;
        var known = _known;
        return eventTime < place.Floor || (known.Count > 0 && known.ContainsKey(EventKey.Of(batch, index)));
    }

    /// <summary>Keeps of what is known one by one only the days that are still read. One caller.</summary>
    public void ForgetBefore(DateOnly oldest)
    {
        if (_known.Count == 0)
            return;
        var from = oldest.ToDateTime(TimeOnly.MinValue);
        _known = _known.Where(pair => pair.Value >= from).ToDictionary();
    }
}
