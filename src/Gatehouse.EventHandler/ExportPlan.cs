using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler;

/// <summary>
/// The checked settings of <c>start</c>: no nulls where a default exists, paths absolute, everything consistent. A reload replaces
/// it whole or leaves it alone. Where each value may come from: docs/reference/settings.md.
/// </summary>
public sealed record ExportPlan
{
    public required TeleportPlan Teleport { get; init; }

    public required FluentdPlan Fluentd { get; init; }

    /// <summary>State root; the handler's directory is <c>&lt;host&gt;_&lt;port&gt;</c> below it.</summary>
    public required string Storage { get; init; }

    /// <summary>Page size of a search; 0 or negative leaves it to the server.</summary>
    public int Batch { get; init; } = 20;

    /// <summary>Event types wanted; empty means all.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    public IReadOnlySet<string> SkipEventTypes { get; init; } = new HashSet<string>();

    public IReadOnlySet<string> SkipSessionTypes { get; init; } = new HashSet<string> { "print", "desktop.recording" };

    /// <summary>Oldest event time wanted, inclusive, whole seconds; only meaningful on the first run in a state directory.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>On the first run: start after the event with this id, which is looked for from <see cref="StartTime"/> on.</summary>
    public string? StartAfterId { get; init; }

    /// <summary>Pause between polls when there is nothing new.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest time range of one search.</summary>
    public TimeSpan WindowSize { get; init; } = TimeSpan.FromHours(24);

    /// <summary>How far behind the newest event a late one may appear and still be delivered.</summary>
    public TimeSpan LateWindow { get; init; } = TimeSpan.FromMinutes(10);

    public bool DryRun { get; init; }

    public bool ExitOnLastEvent { get; init; }

    /// <summary>Recordings streamed at once.</summary>
    public int Concurrency { get; init; } = 5;

    public LockPlan Lock { get; init; } = new();

    /// <summary>Where /healthz, /readyz and /metrics listen; null for nowhere.</summary>
    public string? DiagAddr { get; init; }

    public bool Debug { get; init; }

    /// <summary>"text" or "json".</summary>
    public string LogFormat { get; init; } = "text";

    /// <summary>Every setting in words, secrets masked, with where it came from: for <c>check</c> and the lines at start-up.</summary>
    public IReadOnlyList<SettingLine> Settings { get; init; } = [];

    /// <summary>What the handler runs with, but not as the user may think; logged once at start-up and on reload.</summary>
    public IReadOnlyList<ConfigurationProblem> Warnings { get; init; } = [];
}

/// <summary>How to reach the cluster. Either <see cref="Identity"/> or all three of the others.</summary>
public sealed record TeleportPlan
{
    public required string Addr { get; init; }

    public string? Identity { get; init; }

    public string? Ca { get; init; }

    public string? Cert { get; init; }

    public string? Key { get; init; }

    public bool RefreshEnabled { get; init; }

    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>The Fluentd-style receiver.</summary>
public sealed record FluentdPlan
{
    /// <summary>Where audit events go, verbatim.</summary>
    public required string Url { get; init; }

    /// <summary>A session's events go to this text + <c>.&lt;sid&gt;.log</c>: concatenated, never parsed and rebuilt (spec 5.1).</summary>
    public required string SessionUrl { get; init; }

    public string? Ca { get; init; }

    public string? Cert { get; init; }

    public string? Key { get; init; }

    public Secret? KeyPassphrase { get; init; }

    /// <summary>Requests in flight and connections kept.</summary>
    public int MaxConnections { get; init; } = 10;

    /// <summary>Events a request: 1 sends one JSON object as upstream does, more sends JSON arrays.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Most bytes of JSON a request; one larger event still goes alone. Fluentd takes 32 MB.</summary>
    public int BatchBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>Gzip the body.</summary>
    public bool Gzip { get; init; }

    /// <summary>Additional request headers, such as tokens.</summary>
    public IReadOnlyDictionary<string, Secret> Headers { get; init; } = new Dictionary<string, Secret>();
}

/// <summary>Automatic locks on failed logins (spec 7).</summary>
public sealed record LockPlan
{
    public bool Enabled { get; init; }

    public int FailedAttemptsCount { get; init; } = 3;

    public TimeSpan Period { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Lifetime of a lock; zero means for ever.</summary>
    public TimeSpan For { get; init; }
}
