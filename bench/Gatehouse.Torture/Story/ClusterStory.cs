namespace Gatehouse.Torture.Story;

/// <summary>
/// All that a cluster gives out in one run, made from the seed: days of chunks for export, one log in time order for searches, and
/// recordings. Some of it appears late, in waves.
/// </summary>
internal sealed class ClusterStory
{
    private const int LargeBytes = 2 * 1024 * 1024;

    /// <summary>Searches find late events only this far behind the newest; the handler is told ten minutes.</summary>
    private static readonly TimeSpan LateAtMost = TimeSpan.FromMinutes(5);

    private static readonly string[] Types = ["user.login", "session.start", "session.end", "cert.create", "access_request.create", "db.session.query"];

    private readonly RunPlan _plan;
    private readonly Dice _dice;
    private readonly DateTime _now;
    private readonly List<IssuedEvent> _events = [];
    private readonly Dictionary<string, IReadOnlyList<IssuedEvent>> _recordings = [];

    public ClusterStory(RunPlan plan, DateTime now)
    {
        _plan = plan;
        _dice = new Dice(plan.Seed).Fork("story");
        _now = now;
        var days = plan.Export ? _dice.Between(0, 5) : _dice.Between(0, 3);
        Start = now.Date.AddDays(-days);
        TellAuditLog();
        Audit = [.. _events];
        if (plan.Export)
            Chunks = CutChunks();
        else
            HoldSomeBack();
        TellRecordings();
    }

    /// <summary>Nothing is older.</summary>
    public DateTime Start { get; }

    /// <summary>Every event by its number, recordings included.</summary>
    public IReadOnlyList<IssuedEvent> Events => _events;

    public IReadOnlyList<IssuedEvent> Audit { get; }

    public IReadOnlyList<StoryChunk> Chunks { get; } = [];

    public IReadOnlyDictionary<string, IReadOnlyList<IssuedEvent>> Recordings => _recordings;

    private void TellAuditLog()
    {
        var floodLeft = 0;
        var time = Start;
        for (var i = 0; i < _plan.AuditEvents; i++)
        {
            if (floodLeft > 0)
                floodLeft--;
            else
                time = SomeTime();
            if (floodLeft == 0 && _dice.Chance(0.003))
                floodLeft = Math.Min(_dice.Between(20, 300), _plan.AuditEvents / 3);
            var announces = i < _plan.Recordings ? _dice.Uuid().ToString() : null;
            var padding = i >= _plan.Recordings && i < _plan.Recordings + _plan.LargeEvents ? LargeBytes : _dice.Chance(0.02) ? _dice.Between(2_000, 60_000) : 0;
            Add(announces is null ? _dice.Pick<string>(Types) : "session.upload", time, _dice.Below(4), announces, null, padding, announces is null && _dice.Chance(0.02));
        }
    }

    private DateTime SomeTime()
    {
        var length = _now.AddSeconds(-2) - Start;
        if (length <= TimeSpan.Zero)
            return Start;
        var time = _dice.Below(10) switch
        {
            // On either side of a midnight.
            0 => Start.AddDays(_dice.Below(length.Days + 1)).AddMilliseconds(_dice.Between(-2, 2)),
            // What has just happened; late ones are among these.
            1 or 2 or 3 => _now.AddSeconds(-2) - TimeSpan.FromSeconds(_dice.Unit() * (LateAtMost.TotalSeconds - 10)),
            _ => Start + length * _dice.Unit(),
        };
        time = new DateTime(time.Ticks - time.Ticks % TimeSpan.TicksPerMillisecond, DateTimeKind.Utc);
        return time < Start ? Start : time > _now.AddSeconds(-2) ? Start : time;
    }

    private List<StoryChunk> CutChunks()
    {
        var chunks = new List<StoryChunk>();
        var today = DateOnly.FromDateTime(_now);
        foreach (var day in Audit.GroupBy(told => DateOnly.FromDateTime(told.Time)))
        {
            var events = day.ToList();
            _dice.Shuffle(events);
            for (var at = 0; at < events.Count;)
            {
                var size = Math.Min(_dice.Chance(0.5) ? 1 : _dice.Chance(0.6) ? _dice.Between(2, 20) : _dice.Between(50, 400), events.Count - at);
                // Stragglers come for days that may still be open when the clock passes midnight during a run.
                var wave = day.Key >= today.AddDays(-1) && _dice.Chance(0.3) ? _dice.Between(1, _plan.Lives) : 0;
                var chunk = new StoryChunk(day.Key, _dice.Uuid().ToString(), wave, events.GetRange(at, size));
                foreach (var told in chunk.Events)
                    told.Wave = wave;
                chunks.Add(chunk);
                at += size;
            }
            if (_dice.Chance(0.2))
                chunks.Add(new StoryChunk(day.Key, _dice.Uuid().ToString(), 0, []));
        }
        return chunks;
    }

    private void HoldSomeBack()
    {
        foreach (var told in Audit)
        {
            if (_now - told.Time < LateAtMost && _dice.Chance(0.2))
                told.Wave = _dice.Between(1, _plan.Lives);
        }
    }

    private void TellRecordings()
    {
        foreach (var upload in Audit.Where(told => told.Announces is not null).ToArray())
        {
            var count = _dice.Between(3, 300);
            // Long enough to run far ahead of a checkpoint that cannot be written.
            var heavy = _dice.Chance(_plan.SmallDisk ? 0.7 : 0.1) ? 50_000 : 0;
            var told = new List<IssuedEvent>(count);
            for (var i = 0; i < count; i++)
            {
                var decoy = i > 0 && i < count - 1 && _dice.Chance(0.4);
                var type = i == 0 ? "session.start" : i == count - 1 ? "session.end" : decoy ? "print" : "resize";
                told.Add(Add(type, upload.Time.AddMilliseconds(i), i, null, upload.Announces, _dice.Chance(0.02) ? 20_000 : decoy ? 0 : heavy, false, decoy));
            }
            _recordings.Add(upload.Announces!, told);
        }
    }

    private IssuedEvent Add(string type, DateTime time, long index, string? announces, string? recording, int padding, bool withoutUid, bool decoy = false)
    {
        var number = _events.Count;
        var uid = withoutUid ? null : _dice.Uuid().ToString();
        var added = new IssuedEvent
        {
            Number = number,
            Uid = uid,
            Type = type,
            Time = time,
            Index = index,
            Document = Documents.Make(_dice, number, uid, type, time, index, announces ?? recording, padding),
            Announces = announces,
            Recording = recording,
            IsDecoy = decoy,
            IsPoison = _plan.Poison && !decoy && _dice.Chance(0.01),
        };
        _events.Add(added);
        return added;
    }
}
