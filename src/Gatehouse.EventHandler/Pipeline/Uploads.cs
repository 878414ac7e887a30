using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>The recordings that events announce: in the same record as the events themselves, so that none is forgotten in between.</summary>
internal static class Uploads
{
    /// <summary>The type of the event that announces a recording.</summary>
    public const string EventType = "session.upload";

    public static List<StateChange.SessionQueued> Of(SourceBatch batch, int start, int count)
    {
        var uploads = new List<StateChange.SessionQueued>();
        foreach (ref readonly var header in batch.Events.Headers.Slice(start, count))
        {
            if (header.Type == EventType && header.SessionId.Length > 0)
                uploads.Add(new StateChange.SessionQueued(batch.Events.TextString(header.SessionId), header.Time));
        }
        return uploads;
    }
}
