namespace Gatehouse.EventHandler.Locks;

/// <summary>
/// When each user failed to log in, by the clock of the events, which do not come in order: chunks of an export are read side by side,
/// and an event may turn up late. So what counts is any period with too many failures in it, not the last one. Used by one task.
/// </summary>
/// <param name="kept">How far behind a user's newest failure others can still count.</param>
internal sealed class LoginFailures(int allowed, TimeSpan period, TimeSpan kept)
{
    /// <summary>Failures kept of a user beyond those that lock: room for what comes in between late ones.</summary>
    private const int Spare = 64;

    /// <summary>Users watched at once; an attack with made-up names must not fill the memory.</summary>
    private const int MostUsers = 10_000;

    /// <summary>Times of each user, oldest first: an event that turns up late takes its place among the others.</summary>
    private readonly Dictionary<string, List<DateTime>> _times = [];

    /// <param name="last">The end of the user's newest period with too many failures.</param>
    /// <returns>Whether this failure lies in a period in which the allowance is used up.</returns>
    public bool IsTooMany(string user, DateTime when, out DateTime last)
    {
        if (!_times.TryGetValue(user, out var times))
        {
            if (_times.Count >= MostUsers)
                MakeRoom(when);
            _times[user] = times = [];
        }
        var place = times.BinarySearch(when);
        times.Insert(place < 0 ? ~place : place, when);
        last = default;
        var isTooMany = false;
        for (var i = allowed; i < times.Count; i++)
        {
            var first = times[i - allowed];
            if (times[i] - first >= period)
                continue;
            last = times[i];
            isTooMany |= first <= when && when <= last;
        }
        Forget(times);
        return isTooMany;
    }

    private void Forget(List<DateTime> times)
    {
        var oldest = times[^1] - kept;
        var gone = times.FindIndex(time => time > oldest);
        times.RemoveRange(0, Math.Max(gone, times.Count - (allowed + 1 + Spare)));
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
