namespace Gatehouse.EventHandler.Locks;

/// <summary>
/// When each user failed to log in, by the clock of the events. Kept as long as it can count: as many times as the allowance, and one
/// more, of users who failed within the period. Used by one task.
/// </summary>
internal sealed class LoginFailures(int allowed, TimeSpan period)
{
    /// <summary>Users watched at once; an attack with made-up names must not fill the memory.</summary>
    private const int MostUsers = 10_000;

    /// <summary>Times of each user, oldest first: an event that turns up late takes its place among the others.</summary>
    private readonly Dictionary<string, List<DateTime>> _times = [];

    /// <param name="newest">The user's newest failure.</param>
    /// <returns>Whether the allowance of one period is used up.</returns>
    public bool IsTooMany(string user, DateTime when, out DateTime newest)
    {
        if (!_times.TryGetValue(user, out var times))
        {
            if (_times.Count >= MostUsers)
                MakeRoom(when);
            _times[user] = times = [];
        }
        var at = times.BinarySearch(when);
        times.Insert(at < 0 ? ~at : at, when);
        newest = times[^1];
        var oldest = newest - period;
        times.RemoveAll(time => time <= oldest);
        if (times.Count - 1 > allowed)
            times.RemoveRange(0, times.Count - 1 - allowed);
        return times.Count > allowed;
    }

    /// <summary>Forgets users whose failures count no more; when that is not enough, the half that has been quiet longest.</summary>
    private void MakeRoom(DateTime now)
    {
        foreach (var (user, times) in _times)
        {
            if (now - times[^1] >= period)
                _times.Remove(user);
        }
        if (_times.Count < MostUsers)
            return;
        foreach (var user in _times.OrderBy(entry => entry.Value[^1]).Take(MostUsers / 2).Select(entry => entry.Key).ToList())
            _times.Remove(user);
    }
}
