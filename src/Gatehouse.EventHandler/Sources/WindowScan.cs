using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// Pages through a time range: windows outside, pages inside, the server's page key used within one window and never kept.
/// </summary>
/// <remarks>
/// 1. A window is asked for without a key; each answer's key fetches the next page, with all other parameters the same.
/// 2. A page without a key ends the window, unless it is empty and was itself asked for by a key.
/// 3. Such an empty page is either the end or a key the server no longer knows (it says OK to both), and a key that comes a second
///    time goes round in circles. In either case the window is asked for by time, from just before the newest event in it.
/// 4. Two such restarts without a single new event end the window.
/// </remarks>
internal sealed class WindowScan(WindowScan.Search search, TimeSpan windowSize, ILogger logger)
{
    /// <summary>Log order and time order differ by some milliseconds in real logs; this is more than any seen.</summary>
    public static readonly TimeSpan Overlap = TimeSpan.FromSeconds(1);

    /// <summary>Page size of a restart, so that many events of one instant do not hide what comes after them. The real server's limit is 1000.</summary>
    private const int RestartLimit = 1000;

    /// <summary>How often the window is halved at present: once more when a search takes too long, once less with each window that is through.</summary>
    private int _halvings;

    private enum WindowEnd
    {
        Through,
        Enough,
        TooSlow,
    }

    public delegate Task<SearchAnswer> Search(DateTime from, DateTime to, int limit, string key, CancellationToken cancellation);

    /// <summary>Takes one page that is not empty.</summary>
    public delegate ValueTask<PageOutcome> Take(EventPage page, CancellationToken cancellation);

    /// <summary>Scans [<paramref name="from"/>, <paramref name="to"/>], both inclusive.</summary>
    public async Task RunAsync(DateTime from, DateTime to, int limit, Take take, CancellationToken cancellation)
    {
        // Neighbouring windows share their edge, so nothing falls between; what lies on it is recognised the second time.
        for (var start = from; ;)
        {
            var end = to - start > Window ? start + Window : to;
            var how = await WindowAsync(start, end, limit, take, cancellation);
            if (how == WindowEnd.TooSlow)
            {
                // What was taken from it is known, and passed over when the shorter window begins at the same place.
                do
                    _halvings++;
                while (Window >= end - start);
                continue;
            }
            if (how == WindowEnd.Enough || end >= to)
                return;
            _halvings = Math.Max(0, _halvings - 1);
            start = end;
        }
    }

    private TimeSpan Window => windowSize / (1L << _halvings);

    private async Task<WindowEnd> WindowAsync(DateTime start, DateTime end, int limit, Take take, CancellationToken cancellation)
    {
        var from = start;
        var newest = start;
        var key = "";
        var keysAtNewest = new HashSet<string>();
        var restarted = false;
        var barrenRestarts = 0;
        var circling = false;
        var unseenSinceRestart = 0;
        while (true)
        {
            // 1.
            var answer = await search(from, end, limit, key, cancellation);
            if (answer is SearchAnswer.TooSlow)
                return WindowEnd.TooSlow;
            var page = (answer as SearchAnswer.Page)?.Events;
            var empty = page is null || page.Items.Count == 0;
            if (!empty)
            {
                var outcome = await take(page!, cancellation);
                if (outcome.Enough)
                    return WindowEnd.Enough;
                if (outcome.Newest > newest)
                {
                    newest = outcome.Newest < end ? outcome.Newest : end;
                    keysAtNewest.Clear();
                }
                if (outcome.Unseen > 0 && unseenSinceRestart == 0 && restarted)
                    Log.PageKeyLost(logger, from, outcome.Unseen);
                unseenSinceRestart += outcome.Unseen;
            }

            var next = page?.LastKey ?? "";
            if (next.Length > 0 && next != key && keysAtNewest.Add(next))
            {
                key = next;
                continue;
            }

            // 2.
            if (page is not null && next.Length == 0 && (!empty || key.Length == 0))
                return WindowEnd.Through;

            // 3.
            circling |= next.Length > 0;
            barrenRestarts = unseenSinceRestart > 0 ? 0 : barrenRestarts;
            if (barrenRestarts == 2)
            {
                // 4.
                if (circling)
                    Log.PageKeyRepeats(logger, newest, end);
                return WindowEnd.Through;
            }
            from = barrenRestarts > 0 ? newest : newest - start > Overlap ? newest - Overlap : start;
            barrenRestarts++;
            restarted = true;
            limit = Math.Max(limit, RestartLimit);
            key = "";
            keysAtNewest.Clear();
            unseenSinceRestart = 0;
        }
    }
}

/// <param name="Unseen">Events of the page that were new, wanted or not.</param>
/// <param name="Newest">Newest event time on the page, UTC; <see cref="DateTime.MinValue"/> when none has a time.</param>
/// <param name="Enough">The scan may end here.</param>
internal readonly record struct PageOutcome(int Unseen, DateTime Newest, bool Enough = false);
