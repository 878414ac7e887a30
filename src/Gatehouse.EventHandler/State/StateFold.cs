namespace Gatehouse.EventHandler.State;

/// <summary>What each change means for the state. Applied when a record is durable, and again when the journal is read.</summary>
internal static class StateFold
{
    public static void Apply(HandlerState state, StateChange change)
    {
        switch (change)
        {
            case StateChange.Started started:
                state.StartTime = started.StartTime;
                break;
            case StateChange.ModeChosen chosen:
                state.Mode = chosen.Mode;
                break;
            case StateChange.PageSettled page:
                Settle(state.Paged, page.Newest, page.Floor, page.Events.AsSpan());
                break;
            case StateChange.PositionTakenOver taken:
                state.TakenOver = taken.Position;
                break;
            case StateChange.PositionFound found:
                state.TakenOver = null;
                Settle(state.Paged, found.Newest, found.Floor, found.Events.AsSpan());
                break;
            case StateChange.DayOpened opened:
                Day(state, opened.Day);
                break;
            case StateChange.ChunkAdvanced advanced:
                if (Day(state, advanced.Day) is { } day && !day.Completed.Contains(advanced.Chunk))
                    day.Cursors[advanced.Chunk] = advanced.Cursor;
                break;
            case StateChange.ChunkCompleted completed:
                if (Day(state, completed.Day) is { } itsDay)
                {
                    itsDay.Completed.Add(completed.Chunk);
                    itsDay.Cursors.Remove(completed.Chunk);
                }
                break;
            case StateChange.DayClosed closed:
                state.Days.Remove(closed.Day);
                if (state.ClosedThrough is not { } through || through < closed.Day)
                    state.ClosedThrough = closed.Day;
                state.Paged.ForgetDays(day => day <= state.ClosedThrough && !state.Days.ContainsKey(day));
                break;
            case StateChange.SessionQueued queued:
                Queue(state, queued.SessionId, queued.UploadedAt);
                break;
            case StateChange.SessionAdvanced advanced:
                Advance(state, advanced.SessionId, advanced.NextIndex);
                break;
            case StateChange.SessionMissing missing:
                state.Sessions.Remove(missing.SessionId);
                state.Missing[missing.SessionId] = new MissingSession(missing.NextIndex, missing.Attempts, missing.UploadedAt, missing.NextTry);
                break;
            case StateChange.SessionCompleted completed:
                state.Sessions.Remove(completed.SessionId);
                state.Missing.Remove(completed.SessionId);
                break;
            case StateChange.SessionGivenUp given:
                state.Sessions.Remove(given.SessionId);
                state.Missing.Remove(given.SessionId);
                break;
            default:
                throw new ArgumentException($"not a state change: {change}", nameof(change));
        }
    }

    private static void Settle(PagedPosition paged, DateTime newest, DateTime floor, ReadOnlySpan<SettledEvent> events)
    {
        paged.Newest = newest;
        paged.Floor = floor;
        foreach (var settled in events)
            paged.Settled[settled.Key] = settled.Time;
        paged.ForgetBelowFloor();
    }

    /// <summary>The progress of a day, opened if need be; null for a day that was closed.</summary>
    private static DayProgress? Day(HandlerState state, DateOnly day)
    {
        if (state.Days.TryGetValue(day, out var progress))
            return progress;
        if (day <= state.ClosedThrough)
            return null;
        return state.Days[day] = new DayProgress();
    }

    private static void Queue(HandlerState state, string id, DateTime uploadedAt)
    {
        var next = 0L;
        if (state.Missing.Remove(id, out var missing))
            next = missing.NextIndex;
        if (state.Sessions.TryGetValue(id, out var known))
            next = Math.Max(next, known.NextIndex);
        state.Sessions[id] = new SessionProgress(next, uploadedAt);
    }

    /// <summary>Progress may become durable before the record that queued the session does: then it is remembered all the same.</summary>
    private static void Advance(HandlerState state, string id, long next)
    {
        if (state.Sessions.TryGetValue(id, out var known))
            state.Sessions[id] = known with { NextIndex = next };
        else if (state.Missing.TryGetValue(id, out var missing))
            state.Missing[id] = missing with { NextIndex = next };
        else
            state.Sessions[id] = new SessionProgress(next, DateTime.MinValue);
    }
}
