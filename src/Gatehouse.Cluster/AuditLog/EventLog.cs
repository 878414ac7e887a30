using System.Globalization;
using System.Threading.Channels;
using Gatehouse.Cluster.Storage;
using Microsoft.Extensions.Logging;

namespace Gatehouse.Cluster.AuditLog;

/// <summary>
/// The cluster's own audit log: append-only, cut into segments by UTC day (<see cref="SegmentFiles"/>).
/// <list type="number">
/// <item>Whoever logs an event waits in a bounded queue.</item>
/// <item>One writer takes all that wait, encodes each event for the wire and adds it to the open segment of its day.</item>
/// <item>It writes and fsyncs each touched file once.</item>
/// <item>Only then are the events visible and their loggers answered.</item>
/// <item>A segment that is old or large enough is sealed: it becomes an export chunk and never changes again. A late event for
/// an old day opens a new segment of that day.</item>
/// </list>
/// </summary>
internal sealed class EventLog : IAsyncDisposable
{
    private const int MaxGroup = 1024;
    private const int MaxGroupBytes = 8 * 1024 * 1024;

    // Set once.
    private readonly DataDirectory _data;
    private readonly EventLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SegmentCache _cache = new();
    private readonly Channel<Work> _queue;
    private Task _writing = Task.CompletedTask;
    private Task _ticking = Task.CompletedTask;
    private readonly CancellationTokenSource _stop = new();

    // Written by the writer, read by everybody.
    private readonly Lock _gate = new();
    private readonly SortedDictionary<DateOnly, List<Segment>> _days = [];

    // The writer's own.
    private readonly Dictionary<DateOnly, OpenSegment> _open = [];
    private readonly List<OpenSegment> _broken = [];
    private readonly HashSet<string> _leftWaiting = [];
    private DateTimeOffset _lastName = DateTimeOffset.UnixEpoch;

    private EventLog(DataDirectory data, EventLogOptions options, TimeProvider time, ILogger logger)
    {
        (_data, _options, _time, _logger) = (data, options, time, logger);
        _queue = Channel.CreateBounded<Work>(new BoundedChannelOptions(options.QueueLength) { SingleReader = true });
    }

    /// <summary>Opens the log as a crash may have left it, and takes over what waits. The caller holds the directory's lock.</summary>
    /// <exception cref="ClusterException">The log cannot be read or written.</exception>
    public static EventLog Open(DataDirectory data, EventLogOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        var log = new EventLog(data, options, time, loggers.CreateLogger<EventLog>());
        try
        {
            log.LoadSegments();
            log.TakeIncoming();
            IncomingSegments.RemoveLeftovers(data, time.GetUtcNow());
        }
        catch (Exception error) when (Disk.IsRefusal(error))
        {
            throw Disk.Refused(data.Log, error);
        }
        log._writing = Task.Run(log.WriteAsync);
        log._ticking = Task.Run(log.TickAsync);
        return log;
    }

    /// <summary>Logs one event, a JSON object on one line. Durable and visible when this returns.</summary>
    /// <exception cref="InvalidDataException">The line is no event.</exception>
    /// <exception cref="IOException">The disk refused; the event is not in the log.</exception>
    public async Task AppendAsync(ReadOnlyMemory<byte> line, CancellationToken cancellation)
    {
        var work = new Work(WorkKind.Append, line);
        await _queue.Writer.WriteAsync(work, cancellation);
        // Once it is queued it will be written: giving up now would only hide that from the caller.
        await work.Done.Task;
    }

    /// <summary>Seals every open segment and takes over what waits, without waiting for time to pass.</summary>
    public async Task SealAsync(CancellationToken cancellation)
    {
        var work = new Work(WorkKind.Seal, default);
        await _queue.Writer.WriteAsync(work, cancellation);
        await work.Done.Task;
    }

    /// <summary>Days between two days (inclusive) that have segments, in order.</summary>
    public IReadOnlyList<DateOnly> Days(DateOnly from, DateOnly to)
    {
        lock (_gate)
            return _days.Keys.Where(day => day >= from && day <= to).ToList();
    }

    /// <summary>Segments of a day in order of creation.</summary>
    public IReadOnlyList<Segment> Segments(DateOnly day)
    {
        lock (_gate)
            return _days.TryGetValue(day, out var segments) ? segments.ToArray() : [];
    }

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stop.CancelAsync();
        await _ticking;
        await _writing;
        _stop.Dispose();
    }

    private async Task TickAsync()
    {
        using var timer = new PeriodicTimer(_options.Tick, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_stop.Token))
                await _queue.Writer.WriteAsync(new Work(WorkKind.Tick, default), _stop.Token);
        }
        catch (Exception error) when (error is OperationCanceledException or ChannelClosedException)
        {
            // The log is closing; the writer seals what is open.
        }
    }

    private async Task WriteAsync()
    {
        var group = new List<Work>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            group.Clear();
            for (var bytes = 0; group.Count < MaxGroup && bytes < MaxGroupBytes && _queue.Reader.TryRead(out var work); bytes += work.Line.Length)
                group.Add(work);
            WriteGroup(group);
            Maintain(group);
        }
        foreach (var broken in _broken.ToList())
            Guard(() => SealBroken(broken));
        Guard(SealAll);
    }

    private void WriteGroup(List<Work> group)
    {
        var byDay = new Dictionary<DateOnly, List<Work>>();
        foreach (var work in group.Where(w => w.Kind == WorkKind.Append))
        {
            if (!LogLine.TryRead(work.Line.Span, out _, out var nanoseconds, out var problem))
            {
                work.Done.TrySetException(new InvalidDataException(problem));
                continue;
            }
            var day = LogTime.Day(nanoseconds);
            if (!byDay.TryGetValue(day, out var works))
                byDay[day] = works = [];
            works.Add(work);
        }
        foreach (var (day, works) in byDay)
        {
            try
            {
                WriteDay(day, works);
            }
            catch (Exception error)
            {
                // What was not written is told to those who logged it; the log goes on with the next group.
                Log.AppendFailed(_logger, error, day, works.Count);
                foreach (var work in works)
                    work.Done.TrySetException(error);
            }
        }
    }

    private void WriteDay(DateOnly day, List<Work> works)
    {
        var segment = OpenFor(day);
        var added = new List<Work>(works.Count);
        foreach (var work in works)
        {
            LogLine.TryRead(work.Line.Span, out var fields, out var nanoseconds, out _);
            if (segment.TryAdd(work.Line.Span, fields, nanoseconds, out var problem))
                added.Add(work);
            else
                work.Done.TrySetException(new InvalidDataException(problem));
        }
        try
        {
            segment.Flush();
        }
        finally
        {
            // A broken segment takes no more. It is searched; the next tick seals what was acknowledged of it.
            if (segment.IsBroken)
            {
                _open.Remove(day);
                _broken.Add(segment);
                segment.Dispose();
            }
        }
        ClusterMetrics.EventsAppended.Add(added.Count);
        foreach (var work in added)
            work.Done.TrySetResult();
    }

    private OpenSegment OpenFor(DateOnly day)
    {
        if (_open.TryGetValue(day, out var open))
            return open;
        open = new OpenSegment(NewFiles(day), day, _time.GetUtcNow(), _cache, _options.Sync);
        _open[day] = open;
        Add(open.Segment);
        return open;
    }

    private void Maintain(List<Work> group)
    {
        var now = _time.GetUtcNow();
        foreach (var (day, open) in _open.ToList())
        {
            if (open.WireLength < _options.SegmentBytes && (open.Count == 0 || now - open.OpenedAt < _options.SealAfter))
                continue;
            Guard(() => Seal(day, open));
        }
        if (group.Any(w => w.Kind is WorkKind.Tick or WorkKind.Seal))
        {
            foreach (var broken in _broken.ToList())
                Guard(() => SealBroken(broken));
            Guard(TakeIncoming);
        }
        foreach (var work in group.Where(w => w.Kind == WorkKind.Seal))
        {
            Guard(SealAll);
            work.Done.TrySetResult();
        }
    }

    private void SealAll()
    {
        foreach (var (day, open) in _open.ToList())
            Seal(day, open);
    }

    private void Seal(DateOnly day, OpenSegment open)
    {
        if (open.Count == 0)
            return;
        open.Seal();
        _open.Remove(day);
        Log.SegmentSealed(_logger, day, open.Segment.Name, open.Count);
    }

    private void SealBroken(OpenSegment broken)
    {
        if (broken.Count == 0)
        {
            // Nothing in it was ever acknowledged.
            broken.Segment.Files.Delete();
            Remove(broken.Segment);
        }
        else
        {
            broken.Seal();
            Log.SegmentSealed(_logger, broken.Segment.Day, broken.Segment.Name, broken.Count);
        }
        _broken.Remove(broken);
    }

    /// <summary>Sealing and taking over are tried again at the next tick; the events are safe meanwhile.</summary>
    private void Guard(Action step)
    {
        try
        {
            step();
        }
        catch (Exception error)
        {
            Log.MaintenanceFailed(_logger, error);
        }
    }

    private void TakeIncoming()
    {
        foreach (var (day, waiting) in IncomingSegments.Waiting(_data))
        {
            try
            {
                TakeOver(day, waiting);
                _leftWaiting.Remove(waiting.Name);
            }
            catch (Exception error) when (Disk.IsRefusal(error))
            {
                // One segment that somebody else's rights hide holds up neither the others nor the start.
                if (_leftWaiting.Add(waiting.Name))
                    Log.IncomingUnreadable(_logger, waiting.Name, waiting.Directory, error.Message);
            }
        }
    }

    private void TakeOver(DateOnly day, SegmentFiles waiting)
    {
        var index = IncomingSegments.Read(waiting, (line, problem) => Log.LineUnreadable(_logger, waiting.Lines, line, problem));
        if (IsEmpty(waiting, index))
        {
            waiting.Delete();
            return;
        }
        var files = NewFiles(day);
        IncomingSegments.Move(waiting, files);
        Add(Segment.Sealed(files, day, index, _cache));
        Log.SegmentTakenOver(_logger, day, files.Name);
    }

    private void LoadSegments()
    {
        foreach (var directory in Directory.EnumerateDirectories(_data.Log))
        {
            if (!DateOnly.TryParseExact(Path.GetFileName(directory), "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                continue;
            RemoveLeftovers(directory);
            foreach (var path in Directory.EnumerateFiles(directory, "*.ndjson"))
            {
                var files = new SegmentFiles(directory, Path.GetFileNameWithoutExtension(path));
                if (SegmentFiles.TimeOf(files.Name) is not { } named)
                    continue;
                _lastName = named > _lastName ? named : _lastName;
                AddSealed(files, day);
            }
        }
        foreach (var segments in _days.Values)
            segments.Sort((a, b) => string.CompareOrdinal(a.Name, b.Name));
    }

    /// <summary>A crash in the middle of a takeover or of sealing leaves derived files without lines, or unfinished ones.</summary>
    private static void RemoveLeftovers(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory))
        {
            var derived = Path.GetExtension(path) is ".pb" or ".idx";
            if ((derived && !File.Exists(Path.ChangeExtension(path, ".ndjson"))) || Path.GetExtension(path) == ".tmp")
                File.Delete(path);
        }
    }

    private void AddSealed(SegmentFiles files, DateOnly day)
    {
        var index = files.ReadIndex() ?? files.Seal((line, problem) => Log.LineUnreadable(_logger, files.Lines, line, problem));
        if (IsEmpty(files, index))
            files.Delete();
        else
            Add(Segment.Sealed(files, day, index, _cache));
    }

    private static bool IsEmpty(SegmentFiles files, SegmentIndex index) => index.Count == 0 && new FileInfo(files.Lines).Length == 0;

    private void Remove(Segment segment)
    {
        lock (_gate)
        {
            if (_days.TryGetValue(segment.Day, out var segments) && segments.Remove(segment) && segments.Count == 0)
                _days.Remove(segment.Day);
        }
    }

    private void Add(Segment segment)
    {
        lock (_gate)
        {
            if (!_days.TryGetValue(segment.Day, out var segments))
                _days[segment.Day] = segments = [];
            segments.Add(segment);
        }
    }

    private SegmentFiles NewFiles(DateOnly day)
    {
        var now = new DateTimeOffset(_time.GetUtcNow().UtcTicks / TimeSpan.TicksPerMillisecond * TimeSpan.TicksPerMillisecond, TimeSpan.Zero);
        _lastName = now > _lastName ? now : _lastName.AddMilliseconds(1);
        return new SegmentFiles(Path.Combine(_data.Log, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), SegmentFiles.NameAt(_lastName));
    }

    private enum WorkKind
    {
        Append,
        Tick,
        Seal,
    }

    private sealed record Work(WorkKind Kind, ReadOnlyMemory<byte> Line)
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
