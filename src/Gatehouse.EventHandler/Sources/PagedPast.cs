using Gatehouse.Events;

namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// What searches delivered before the cluster had bulk export, or before it was found out: a day is exported whole, and these of its
/// events are not wanted a second time.
/// </summary>
internal sealed class PagedPast(PagedPlace place)
{
    public DateOnly Day => DateOnly.FromDateTime(place.Floor);

    public bool Holds(EventBatch batch, int index)
    {
        var eventTime = batch[index].Time;
        if (eventTime == DateTime.MinValue)
            return false;
        return eventTime < place.Floor || (place.Known.Count > 0 && place.Known.ContainsKey(EventKey.Of(batch, index)));
    }
}
