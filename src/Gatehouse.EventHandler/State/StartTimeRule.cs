namespace Gatehouse.EventHandler.State;

/// <summary>Which start time counts (spec 4.2). Times are compared as instants, in whole seconds.</summary>
public static class StartTimeRule
{
    /// <param name="state">What the state directory says.</param>
    /// <param name="flag">The setting, wherever it came from; null when it is not set.</param>
    /// <param name="now">For a first start without the setting.</param>
    /// <param name="storage">The storage setting, for the message.</param>
    /// <param name="startAfterId">The event to begin behind when there is no position; null for none.</param>
    public static StartTimeDecision Decide(
        HandlerState state, DateTimeOffset? flag, DateTimeOffset now, string storage, string? startAfterId = null)
    {
        var wanted = flag is { } given ? Rfc3339.TruncateToSeconds(given) : (DateTimeOffset?)null;
        if (state.StartTime is { } stored)
        {
            return wanted is null || wanted == Rfc3339.TruncateToSeconds(stored)
                ? new StartTimeDecision.Use(stored, First: false)
                : new StartTimeDecision.Refuse(
                    $"You can not change start time in the middle of ingestion. To restart the ingestion, rm -rf {storage}");
        }
        if (wanted is { } first)
            return new StartTimeDecision.Use(first, First: true);
        if (state.Days.Count > 0)
            return new StartTimeDecision.Use(new DateTimeOffset(state.Days.Keys.First(), TimeOnly.MinValue, TimeSpan.Zero), First: true);
        if (state.TakenOver is null && state.Paged.Newest is null && startAfterId is not null)
        {
            // From now on it is not to be found, and looking backwards has no end when it is nowhere.
            return new StartTimeDecision.Refuse(
                $"--cursor names the last event your receiver has, but not where to look for it. Give --start-time as well: any time before event {startAfterId}.");
        }
        if (state.TakenOver is null && state.Paged.Newest is null)
            return new StartTimeDecision.Use(Rfc3339.TruncateToSeconds(now.ToUniversalTime()), First: true);
        if (state.TakenOver?.WindowTime is { } window)
            return new StartTimeDecision.Use(Rfc3339.TruncateToSeconds(window), First: true);
        // There is a position, and now lies behind it: upstream would begin today and lose what is between.
        return new StartTimeDecision.Refuse(
            $"The state below {storage} has a position but its start_time is gone. Give --start-time: the time used before, or any time before the last event your receiver has.");
    }
}

/// <summary>The answer. A closed list.</summary>
public abstract record StartTimeDecision
{
    private StartTimeDecision() { }

    /// <param name="StartTime">Whole seconds, with the zone it was given in.</param>
    /// <param name="First">Not in the state yet: commit <see cref="StateChange.Started"/>.</param>
    public sealed record Use(DateTimeOffset StartTime, bool First) : StartTimeDecision;

    /// <param name="Message">For the user; the start ends with it.</param>
    public sealed record Refuse(string Message) : StartTimeDecision;
}
