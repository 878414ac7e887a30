using System.Buffers;
using System.Globalization;

namespace Gatehouse.Events.Generation;

/// <summary>
/// Writes an audit log of a cluster that never was, for demos, tests and benchmarks: many kinds of events with the fields and codes
/// of the catalogue, people and resources that stay the same, sessions that begin, go on and end, in order of time.
/// </summary>
/// <remarks>
/// One pass over time: when the clock reaches the start of the next story (a session, or an event by itself), all its events get
/// their times and wait in a queue; the earliest one is written next. Memory is what is open at one moment, not the whole log.
/// </remarks>
public sealed class EventGenerator
{
    private const int FlushBytes = 256 * 1024;

    private readonly GeneratorOptions _options;
    private readonly DemoCluster _cluster;
    private readonly DateTime _from;
    private readonly DateTime _to;
    private readonly PriorityQueue<Step, (DateTime Time, long Order)> _waiting = new();
    private Randomness _random;
    private long _planned;
    private long _written;
    private long _order;
    private int _sessions;

    /// <exception cref="ArgumentException">The options have <see cref="GeneratorOptions.Problems"/>.</exception>
    public EventGenerator(GeneratorOptions options)
    {
        if (options.Problems() is { Count: > 0 } problems)
            throw new ArgumentException(string.Join("; ", problems), nameof(options));
        _options = options;
        _cluster = new DemoCluster(options.ClusterName, options.Seed);
        _random = new Randomness(options.Seed);
        // Times have whole milliseconds and must not leave the range.
        _from = options.From.AddTicks((TimeSpan.TicksPerMillisecond - options.From.Ticks % TimeSpan.TicksPerMillisecond) % TimeSpan.TicksPerMillisecond);
        _to = options.To.AddTicks(-(options.To.Ticks % TimeSpan.TicksPerMillisecond));
    }

    /// <summary>Writes the whole log as lines, and the recordings of its sessions as lines of <c>{"sid", "event"}</c>.</summary>
    /// <param name="events">One event a line, in order of time.</param>
    /// <param name="recordings">Null when nobody wants them; the events are the same either way.</param>
    /// <param name="progress">Told the number of events written so far, now and then.</param>
    public async Task WriteAsync(Stream events, Stream? recordings, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var eventBytes = new ArrayBufferWriter<byte>(FlushBytes + 4096);
        var recordingBytes = recordings is null ? null : new ArrayBufferWriter<byte>(FlushBytes);
        bool more;
        do
        {
            more = TryWriteNext(eventBytes, recordingBytes);
            if (more && eventBytes.WrittenCount < FlushBytes && recordingBytes is null or { WrittenCount: < FlushBytes })
                continue;
            await events.WriteAsync(eventBytes.WrittenMemory, cancellationToken);
            eventBytes.ResetWrittenCount();
            if (recordings is not null && recordingBytes is not null)
            {
                await recordings.WriteAsync(recordingBytes.WrittenMemory, cancellationToken);
                recordingBytes.ResetWrittenCount();
            }
            progress?.Report(_written);
        }
        while (more);
    }

    /// <summary>Writes the next event with its line feed, and recordings that began with it; false when the log is complete.</summary>
    public bool TryWriteNext(IBufferWriter<byte> events, IBufferWriter<byte>? recordings)
    {
        if (_written == _options.Count)
            return false;
        while (_planned < _options.Count && (_waiting.Count == 0 || NextStart() <= _waiting.Peek().Time))
            PlanStory(recordings);
        var step = _waiting.Dequeue();
        WriteLine(step, events);
        _written++;
        return true;
    }

    /// <summary>Stories are spread evenly: the share of time that has passed is the share of events that are planned.</summary>
    private DateTime NextStart()
    {
        var span = (_to - _from).Ticks;
        var ticks = (long)((Int128)span * _planned / _options.Count);
        return _from.AddTicks(ticks - ticks % TimeSpan.TicksPerMillisecond);
    }

    private void PlanStory(IBufferWriter<byte>? recordings)
    {
        var start = NextStart();
        var scene = Cast();
        if (_sessions < _options.Sessions && (Int128)_sessions * _options.Count <= (Int128)_planned * _options.Sessions)
        {
            PlanSession(scene, start, recordings);
            return;
        }
        var template = DemoTemplates.Shared.PickAlone(ref _random);
        AddPlaces(scene, template.Name);
        Enqueue(new Step(template, scene, start, _random.Next()));
        if (template.Name == "access_request.create")
            PlanAnswer(scene, start);
    }

    /// <summary>A request is reviewed and granted, when there is room for two more events.</summary>
    private void PlanAnswer(Scene scene, DateTime asked)
    {
        if (RoomBesideSessions() < 2)
            return;
        var wait = Math.Min((_to - asked).Ticks, TimeSpan.FromMinutes(1 + _random.Below(30)).Ticks) / TimeSpan.TicksPerMillisecond;
        Enqueue(new Step(DemoTemplates.Shared["access_request.review"], scene, asked.AddMilliseconds(wait), _random.Next()));
        Enqueue(new Step(DemoTemplates.Shared["access_request.update"], scene, asked.AddMilliseconds(wait), _random.Next()));
    }

    private long RoomBesideSessions() =>
        _options.Count - _planned - (long)(_options.Sessions - _sessions) * GeneratorOptions.MinSessionEvents;

    private void PlanSession(Scene scene, DateTime start, IBufferWriter<byte>? recordings)
    {
        _sessions++;
        var story = SessionStory.Tell(_cluster, scene, start, _to, RoomBesideSessions(), ref _random);
        foreach (var step in story.Audit)
            Enqueue(step);
        if (recordings is null)
            return;
        foreach (var step in story.Recording)
        {
            recordings.Write("{\"sid\":\""u8);
            recordings.Write(story.RecordingId);
            recordings.Write("\",\"event\":"u8);
            step.Template.Write(step.Scene, step.Time, step.Seed, recordings);
            recordings.Write("}\n"u8);
        }
    }

    private void Enqueue(Step step)
    {
        _waiting.Enqueue(step, (step.Time, _order++));
        _planned++;
    }

    /// <summary>Somebody at a computer.</summary>
    private Scene Cast()
    {
        var scene = _cluster.Base.Copy();
        var person = _random.Below(_cluster.People.Length);
        var other = (person + 1 + _random.Below(_cluster.People.Length - 1)) % _cluster.People.Length;
        scene.Add(_cluster.People[person]);
        scene[Slot.Other] = _cluster.People[other][Slot.User];
        scene[Slot.Sid] = _random.Uuid();
        scene[Slot.RequestId] = _random.Uuid();
        scene[Slot.Admin] = _cluster.Admin(ref _random);
        scene.Set(Slot.Port, (30000 + _random.Below(30000)).ToString(CultureInfo.InvariantCulture));
        return scene;
    }

    /// <summary>Every kind of resource, the one the event is about last, so that shared slots such as labels are its own.</summary>
    private void AddPlaces(Scene scene, string about)
    {
        var server = _random.Pick(_cluster.Servers);
        var database = _random.Pick(_cluster.Databases);
        var kube = _random.Pick(_cluster.Kubes);
        var app = _random.Pick(_cluster.Applications);
        scene.Add(app);
        scene.Add(kube);
        scene.Add(database);
        scene.Add(server);
        if (about.StartsWith("db.", StringComparison.Ordinal))
            scene.Add(database);
        else if (about.StartsWith("kube.", StringComparison.Ordinal))
            scene.Add(kube);
        else if (about.StartsWith("app.", StringComparison.Ordinal))
            scene.Add(app);
    }

    private static void WriteLine(Step step, IBufferWriter<byte> output)
    {
        step.Template.Write(step.Scene, step.Time, step.Seed, output);
        output.Write("\n"u8);
    }
}
