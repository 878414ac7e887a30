using System.Diagnostics;
using System.Text.Json;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.Torture.Story;

namespace Gatehouse.Torture.Oracle;

/// <summary>
/// What was issued, what the receiver acknowledged, and what may come again. A life of the handler is from one start to its end.
/// </summary>
/// <remarks>
/// 1. Each event that arrives is one that was issued, unaltered, at the right door.
/// 2. In one life, reloads included, an event is acknowledged once, and once more for each answer that was lost. Acknowledged in an
///    earlier life it comes again only if the checkpoint did not cover it when this life began. A reload that had to wait for as long
///    as a drain may take lets go of what is under way: then that may come once more.
/// 3. When a life ends, everything its checkpoint covers has been acknowledged by an answer or is a dead letter.
/// 4. A recording's events come in order within a life.
/// 5. At the end every wanted event has been acknowledged or is a dead letter that the receiver asked for.
/// </remarks>
internal sealed class Ledger(ClusterStory story)
{
    private const int MostViolations = 20;

    /// <summary>Of the handler's patience with a reload.</summary>
    private static readonly TimeSpan SlowReload = TimeSpan.FromSeconds(29);

    private readonly Lock _gate = new();
    private readonly Entry[] _entries = [.. story.Events.Select(_ => new Entry())];
    private readonly Dictionary<string, RecordingOrder> _orders = story.Recordings.Keys.ToDictionary(id => id, _ => new RecordingOrder());
    private readonly List<string> _violations = [];
    private long? _reloading;
    private int _slowReloads;

    public IReadOnlyList<string> Violations
    {
        get
        {
            lock (_gate)
                return [.. _violations];
        }
    }

    public LedgerTotals Totals { get; private set; } = new();

    public void Violation(string what, Action<LedgerTotals>? count = null)
    {
        lock (_gate)
        {
            count?.Invoke(Totals);
            if (_violations.Count < MostViolations)
                _violations.Add(what);
        }
    }

    /// <summary>1. Reads a request's body.</summary>
    public List<ReadEvent> Read(string path, byte[] body)
    {
        var read = new List<ReadEvent>();
        try
        {
            using var document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 512 });
            if (document.RootElement.ValueKind == JsonValueKind.Array)
            {
                foreach (var item in document.RootElement.EnumerateArray())
                    ReadOne(path, item, read);
            }
            else
            {
                ReadOne(path, document.RootElement, read);
            }
        }
        catch (JsonException e)
        {
            Violation($"a request to {path} is not JSON: {e.Message}", totals => totals.Altered++);
        }
        return read;
    }

    public void RefusedAlone(IssuedEvent refused)
    {
        lock (_gate)
            _entries[refused.Number].RefusedAlone = true;
    }

    /// <summary>2. and 4. The receiver is about to say that it has them.</summary>
    /// <param name="isAnswered">False when it does not get so far.</param>
    /// <param name="atKill">The handler that sent them is dead.</param>
    public void Acknowledged(IReadOnlyList<ReadEvent> events, bool isAnswered = true, bool atKill = false)
    {
        lock (_gate)
        {
            NoteSlowReload();
            foreach (var (acknowledged, bytes) in events)
            {
                var entry = _entries[acknowledged.Number];
                entry.Bytes = bytes;
                entry.Acknowledged++;
                entry.Answered += isAnswered ? 1 : 0;
                if (entry.Acknowledged > 1)
                    Totals.Duplicates++;
                entry.InThisLife++;
                if (entry.CoveredAtStart)
                    Violation($"{Name(acknowledged)} came again although the checkpoint covered it when this life began", totals => totals.Excess++);
                else if (entry.InThisLife > 1 + entry.MayComeAgain)
                    Violation($"{Name(acknowledged)} came {entry.InThisLife} times in one life", totals => totals.Excess++);
                if (acknowledged.Recording is { } recording && !_orders[recording].Take(acknowledged.Index, _slowReloads))
                    Violation($"{Name(acknowledged)} came out of order");
                entry.MayComeAgain += isAnswered ? 0 : 1;
            }
            if (!isAnswered && events.Count > 0 && events[0].Event.Recording is { } stream)
                _orders[stream].AnswerLost();
            Totals.OpenAtKills += atKill ? events.Count : 0;
            Totals.AnswersLost += isAnswered ? 0 : events.Count;
            Totals.DuplicatesBound += isAnswered ? 0 : events.Count;
        }
    }

    /// <param name="covered">By the checkpoint this life begins with.</param>
    public void BeginLife(bool[] covered)
    {
        lock (_gate)
        {
            (_reloading, _slowReloads) = (null, 0);
            for (var i = 0; i < _entries.Length; i++)
            {
                var entry = _entries[i];
                (entry.CoveredAtStart, entry.InThisLife, entry.MayComeAgain) = (covered[i], 0, 0);
                if (entry.Acknowledged > 0 && !covered[i])
                    Totals.DuplicatesBound++;
            }
            foreach (var order in _orders.Values)
                order.Begin();
        }
    }

    /// <summary>The handler is told to reload.</summary>
    public void Reload()
    {
        lock (_gate)
            _reloading ??= Stopwatch.GetTimestamp();
    }

    /// <summary>The reload is over.</summary>
    public void Reloaded()
    {
        lock (_gate)
        {
            NoteSlowReload();
            _reloading = null;
        }
    }

    /// <summary>3. The handler is dead, and this is what its checkpoint covers.</summary>
    /// <returns>Bytes of audit events and of recordings that were acknowledged in this life and not yet in the checkpoint.</returns>
    public async Task<(long Audit, long Recordings)> EndLifeAsync(bool[] covered, string stateDirectory)
    {
        await ReadDeadLettersAsync(stateDirectory);
        lock (_gate)
        {
            var (audit, recordings) = (0L, 0L);
            for (var i = 0; i < _entries.Length; i++)
            {
                var (entry, issued) = (_entries[i], story.Events[i]);
                if (covered[i] && !entry.Settled && !issued.IsDecoy)
                    Violation($"the checkpoint covers {Name(issued)}, which nobody has acknowledged", totals => totals.Uncovered++);
                if (covered[i] || entry.InThisLife == 0)
                    continue;
                if (issued.Recording is null)
                    audit += entry.Bytes;
                else
                    recordings += entry.Bytes;
            }
            return (audit, recordings);
        }
    }

    /// <summary>5.</summary>
    public void Close()
    {
        lock (_gate)
        {
            Totals.Issued = story.Events.Count(issued => !issued.IsDecoy);
            for (var i = 0; i < _entries.Length; i++)
            {
                var (entry, issued) = (_entries[i], story.Events[i]);
                Totals.Acknowledged += entry.Acknowledged > 0 ? 1 : 0;
                Totals.DeadLetters += entry.DeadLetter && entry.Acknowledged == 0 ? 1 : 0;
                if (!entry.Settled && !issued.IsDecoy)
                    Violation($"{Name(issued)} is missing", totals => totals.Missing++);
                if (entry.DeadLetter && !entry.RefusedAlone)
                    Violation($"{Name(issued)} is a dead letter, and the receiver never refused it");
            }
        }
    }

    private void NoteSlowReload()
    {
        if (_reloading is not { } since || Stopwatch.GetElapsedTime(since) < SlowReload)
            return;
        _reloading = null;
        _slowReloads++;
        foreach (var entry in _entries.Where(entry => entry.InThisLife > 0))
        {
            entry.MayComeAgain++;
            Totals.DuplicatesBound++;
        }
    }

    private void ReadOne(string path, JsonElement item, List<ReadEvent> read)
    {
        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty(IssuedEvent.NumberField, out var field)
            || !field.TryGetInt32(out var number) || number < 0 || number >= story.Events.Count)
        {
            Violation($"invented at {path}: {Excerpt(item)}", totals => totals.Invented++);
            return;
        }
        var issued = story.Events[number];
        if (issued.IsDecoy)
            Violation($"{Name(issued)} was not wanted", totals => totals.Invented++);
        else if (!Documents.Same(item, issued.Document))
            Violation($"{Name(issued)} was altered: {Excerpt(item)}", totals => totals.Altered++);
        var door = issued.Recording is null ? AuditPath : $"{SessionPath}.{issued.Recording}.log";
        if (path != door)
            Violation($"{Name(issued)} came to {path}, not {door}", totals => totals.Altered++);
        read.Add(new ReadEvent(issued, System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(item).Length));
    }

    private async Task ReadDeadLettersAsync(string stateDirectory)
    {
        await foreach (var letter in DeadLetterFile.ReadAsync(Path.Combine(stateDirectory, "dead-letters.ndjson"), CancellationToken.None))
        {
            // A line cut off by a kill was never settled; its event is judged by what comes later.
            if (letter.Kind == DeadLetterKind.Damaged)
                continue;
            if (letter.Kind != DeadLetterKind.Event)
            {
                Violation($"a dead letter nobody expects: {letter.Kind}, {letter.Reason}");
                continue;
            }
            var door = letter.Destination.SessionId is { } id ? $"{SessionPath}.{id}.log" : AuditPath;
            foreach (var read in Read(door, letter.Event.ToArray()))
            {
                lock (_gate)
                    _entries[read.Event.Number].DeadLetter = true;
            }
        }
    }

    public const string AuditPath = "/audit.log";
    public const string SessionPath = "/session";

    private static string Name(IssuedEvent issued) =>
        $"event {issued.Number} ({issued.Type}, {issued.Time:O}{(issued.Uid is null ? ", no uid" : "")}{(issued.Recording is { } id ? $", recording {id} index {issued.Index}" : "")}, wave {issued.Wave})";

    private static string Excerpt(JsonElement item) => item.GetRawText() is var text && text.Length > 300 ? text[..300] + "…" : text;

    private sealed class Entry
    {
        public int Acknowledged;
        public int Answered;
        public int InThisLife;
        public int MayComeAgain;
        public int Bytes;
        public bool CoveredAtStart;
        public bool RefusedAlone;
        public bool DeadLetter;

        public bool Settled => Answered > 0 || DeadLetter;
    }

    /// <summary>Indexes rise; each lost answer and each slow reload may go back once.</summary>
    private sealed class RecordingOrder
    {
        private long _last = -1;
        private int _stepsBack;
        private int _answersLost;

        public void Begin() => (_last, _stepsBack, _answersLost) = (-1, 0, 0);

        public void AnswerLost() => _answersLost++;

        public bool Take(long index, int stepsBackAllowed)
        {
            var inOrder = index > _last || ++_stepsBack <= stepsBackAllowed + _answersLost;
            _last = index;
            return inOrder;
        }
    }
}
