using System.Globalization;
using System.Text;

namespace Gatehouse.Events.Generation;

/// <summary>
/// A recorded session from its start to the upload of its recording: the audit events and the events of the recording. What both
/// have is the same event twice, as on a real cluster.
/// </summary>
internal sealed class SessionStory
{
    private readonly DemoTemplates _templates = DemoTemplates.Shared;
    private readonly Scene _scene;
    private readonly DateTime _start;
    private readonly long _length;
    private Randomness _random;
    private int _index;
    private int _printed;
    private int _prints;

    private SessionStory(Scene scene, DateTime start, long lengthTicks, ulong seed)
    {
        _scene = scene;
        _start = start;
        _length = lengthTicks;
        _random = new Randomness(seed);
        var text = new byte[TimeText.MaxLength];
        scene[Slot.Start] = text[..TimeText.Write(start, text)];
        scene[Slot.Sid] = RecordingId = _random.Uuid();
    }

    public List<Step> Audit { get; } = [];

    public List<Step> Recording { get; } = [];

    /// <summary>What the recording is stored under: the session's id, or for an application the chunk's.</summary>
    public byte[] RecordingId { get; private set; }

    /// <summary>Tells one session.</summary>
    /// <param name="cluster">Where it happens.</param>
    /// <param name="scene">Who takes part; the place is added here.</param>
    /// <param name="start">First event.</param>
    /// <param name="end">No event is later.</param>
    /// <param name="maxEvents">Most audit events; at least <see cref="GeneratorOptions.MinSessionEvents"/>.</param>
    /// <param name="random">Decides everything.</param>
    public static SessionStory Tell(DemoCluster cluster, Scene scene, DateTime start, DateTime end, long maxEvents, ref Randomness random)
    {
        var room = (int)Math.Min(12, maxEvents - GeneratorOptions.MinSessionEvents);
        var usual = TimeSpan.FromSeconds(2 + random.Below(1800)).Ticks;
        var length = Math.Min(usual, (end - start).Ticks);
        var kind = random.Below(100);
        var place = kind switch
        {
            < 60 => random.Pick(cluster.Servers),
            < 75 => random.Pick(cluster.Kubes),
            < 90 => random.Pick(cluster.Databases),
            < 94 => random.Pick(cluster.Desktops),
            _ => random.Pick(cluster.Applications),
        };
        scene.Add(place);
        var story = new SessionStory(scene, start, length, random.Next());
        switch (kind)
        {
            case < 35:
                story.TellShell(room);
                break;
            case < 60:
                story.TellCommand();
                break;
            case < 75:
                story.TellPod();
                break;
            case < 90:
                story.TellDatabase(room);
                break;
            case < 94:
                story.TellDesktop();
                break;
            default:
                story.TellApplication();
                break;
        }
        return story;
    }

    private void TellShell(int room)
    {
        var joined = room > 0 && _random.Chance(15);
        var enhanced = room > 3 && _random.Chance(40);
        Describe(initial: """[""]""", interactive: true, enhanced, joined);
        Say("session.start", 0, recorded: true);
        var turns = 3 + (int)_random.Below(6);
        string[] watched = ["session.command", "session.disk", "session.network"];
        for (var turn = 1; turn <= turns; turn++)
        {
            var at = 0.8 * turn / turns;
            if (turn == 2 && _random.Chance(50))
                Say("resize", at, audited: false, recorded: true);
            if (turn == 2 && joined)
                Say("session.join", at, recorded: true);
            Print(at);
            if (enhanced && turn <= Math.Min(room - 1, 3))
                Say(watched[turn % 3], at, recorded: false);
        }
        Say("session.leave", 0.9, recorded: true);
        Say("session.data", 0.92);
        Say("session.end", 0.95, recorded: true);
        Say("session.upload", 1);
    }

    private void TellCommand()
    {
        Describe(initial: """["id"]""", interactive: false, enhanced: false, joined: false);
        Say("session.start", 0, recorded: true);
        Say(_random.Chance(20) ? "scp" : _random.Chance(85) ? "exec" : "exec/failed", 0.3, recorded: true);
        Say("session.end", 0.8, recorded: true);
        Say("session.leave", 0.9, recorded: true);
        Say("session.upload", 1);
    }

    private void TellPod()
    {
        _scene.Set(Slot.AppName, "api");
        _scene.Set(Slot.PodNamespace, "payments");
        _scene.Set(Slot.Pod, string.Create(CultureInfo.InvariantCulture, $"api-{_random.Below(9)}"));
        Describe(initial: """["/bin/sh"]""", interactive: true, enhanced: false, joined: false);
        Say("session.start/kube", 0, recorded: true);
        Print(0.2);
        Print(0.5);
        Say("exec/kube", 0.6, recorded: true);
        Say("session.data", 0.8);
        Say("session.end/kube", 0.9, recorded: true);
        Say("session.upload", 1);
    }

    private void TellDatabase(int room)
    {
        var postgres = _scene[Slot.DbProtocol].AsSpan().SequenceEqual("postgres"u8);
        string[] prepared = postgres
            ? ["db.session.postgres.statements.parse", "db.session.postgres.statements.bind", "db.session.postgres.statements.execute", "db.session.postgres.statements.close"]
            : ["db.session.mysql.statements.prepare", "db.session.mysql.statements.execute", "db.session.mysql.statements.close"];
        string[] asked = room >= prepared.Length && _random.Chance(40)
            ? prepared
            : [.. Enumerable.Range(0, 2 + (int)_random.Below(room + 1)).Select(_ => _random.Chance(94) ? "db.session.query" : "db.session.query/failed")];
        Say("db.session.start", 0, recorded: true);
        for (var i = 0; i < asked.Length; i++)
            Say(asked[i], 0.8 * (i + 1) / asked.Length, recorded: true);
        Say("db.session.end", 0.9, recorded: true);
        Say("session.upload", 1);
    }

    private void TellDesktop()
    {
        Describe(initial: "[]", interactive: true, enhanced: false, joined: false);
        Say("windows.desktop.session.start", 0, recorded: true);
        Say("windows.desktop.session.end", 0.9, recorded: true);
        Say("session.upload", 1);
    }

    private void TellApplication()
    {
        _scene[Slot.Chunk] = RecordingId = _random.Uuid();
        Say("app.session.start", 0);
        Say("app.session.chunk", 0.05, recorded: true);
        for (var request = 1; request <= 4; request++)
            Say("app.session.request", 0.1 * request, audited: false, recorded: true);
        Say("app.session.end", 0.8);
        var upload = _scene.Copy();
        upload[Slot.Sid] = RecordingId;
        Audit.Add(new Step(_templates["session.upload"], upload, At(1), _random.Next()));
    }

    private void Describe(string initial, bool interactive, bool enhanced, bool joined)
    {
        var user = Encoding.UTF8.GetString(_scene[Slot.User]);
        _scene.Set(Slot.Initial, initial);
        _scene.Set(Slot.Interactive, interactive ? "true" : "false");
        _scene.Set(Slot.Enhanced, enhanced ? "true" : "false");
        _scene.Set(Slot.Participants, joined ? $"[\"{user}\",\"{Encoding.UTF8.GetString(_scene[Slot.Other])}\"]" : $"[\"{user}\"]");
    }

    /// <summary>An event at a fraction of the session's length, with the next index of the recording where it is part of that.</summary>
    private void Say(string name, double fraction, bool audited = true, bool recorded = false)
    {
        var scene = _scene.Copy();
        scene.Set(Slot.Ei, (recorded ? _index++ : 0).ToString(CultureInfo.InvariantCulture));
        var step = new Step(_templates[name], scene, At(fraction), _random.Next());
        if (audited)
            Audit.Add(step);
        if (recorded)
            Recording.Add(step);
    }

    private void Print(double fraction)
    {
        string[] lines = ["$ uptime\r\n 10:02:11 up 41 days, load average: 0.08, 0.12, 0.10\r\n", "$ ls\r\nconfig.yaml  data  größe.txt\r\n", "$ exit\r\n"];
        var text = Encoding.UTF8.GetBytes(_random.Pick(lines));
        var scene = _scene.Copy();
        scene.Set(Slot.Ei, _index++.ToString(CultureInfo.InvariantCulture));
        scene.Set(Slot.Ci, _prints++.ToString(CultureInfo.InvariantCulture));
        scene.Set(Slot.Bytes, text.Length.ToString(CultureInfo.InvariantCulture));
        scene.Set(Slot.Offset, _printed.ToString(CultureInfo.InvariantCulture));
        scene.Set(Slot.Ms, ((long)(At(fraction) - _start).TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        scene.Set(Slot.Data, Convert.ToBase64String(text));
        _printed += text.Length;
        Recording.Add(new Step(_templates["print"], scene, At(fraction), _random.Next()));
    }

    private DateTime At(double fraction)
    {
        var ticks = (long)(_length * fraction);
        return _start.AddTicks(ticks - ticks % TimeSpan.TicksPerMillisecond);
    }
}
