using Gatehouse.EventHandler.State;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.EventHandler.Settings;

public static partial class StartOptions
{
    /// <summary>Polling faster than this only burdens the cluster.</summary>
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// From settings as written to the checked plan. Everything that is wrong goes to <paramref name="problems"/>; with any problem in
    /// that list the plan must not be used. Null when there is not enough to make one.
    /// </summary>
    /// <param name="command">Named in front of credential problems, as the field knows them.</param>
    public static ExportPlan? Plan(string command, SettingValues values, Surroundings around, ProblemList problems)
    {
        var teleport = PlanTeleport(command, values, problems);
        var fluentd = PlanReceiver(values, problems);
        var locks = PlanLocks(values, problems);
        var (timeout, window, late) = CheckDurations(values, problems);
        if (values.Text("namespace") is not ("default" or "" or null))
            problems.Warn("namespace", $"namespace \"{values.Text("namespace")}\" has no effect: clusters have had only one since 2023");
        CheckDiagAddr(values.Text("diag-addr"), problems);
        if (PlanStorage(values, around, problems) is not { } storage || fluentd is null)
            return null;
        return new ExportPlan
        {
            Teleport = teleport,
            Fluentd = fluentd,
            Storage = storage,
            Batch = values.Whole("batch")!.Value,
            Types = values.List("types"),
            SkipEventTypes = values.List("skip-event-types").ToHashSet(),
            SkipSessionTypes = values.List("skip-session-types").ToHashSet(),
            StartTime = values.Instant("start-time") is { } time ? time.AddTicks(-(time.Ticks % TimeSpan.TicksPerSecond)) : null,
            StartAfterId = values.Text("cursor") is { Length: > 0 } id ? id : null,
            Timeout = timeout,
            WindowSize = window,
            LateWindow = late,
            DryRun = values.Switch("dry-run"),
            ExitOnLastEvent = values.Switch("exit-on-last-event"),
            Concurrency = Concurrency(values),
            Lock = locks,
            DiagAddr = values.Text("diag-addr") is { Length: > 0 } addr ? addr : null,
            Debug = values.Switch("debug") || values.Switch("teleport-debug"),
            LogFormat = values.Text("log-format")!,
            Settings = values.Lines(),
            Warnings = [.. problems.Warnings],
        };
    }

    /// <summary>
    /// Reads file and environment again, for a reload: a whole new plan, or what is wrong, so that the old one stays in force.
    /// </summary>
    public static ReloadedPlan Reread(CommandCall call)
    {
        var problems = new ProblemList();
        var values = call.Source.Read(problems);
        return problems.Problems.Count > 0
            ? new ReloadedPlan.Unusable(string.Join("; ", problems.Problems))
            : new ReloadedPlan.Usable(Checked(call.Command.Name, values, call.Around, problems.Warnings));
    }

    /// <summary>The plan of settings that have been checked already.</summary>
    public static ExportPlan Checked(string command, SettingValues values, Surroundings around, IReadOnlyList<ConfigurationProblem> warnings)
    {
        var problems = new ProblemList();
        var plan = Plan(command, values, around, problems);
        return plan is not null && problems.Problems.Count == 0
            ? plan with { Warnings = [.. warnings] }
            : throw new InvalidOperationException("settings were checked and are wrong all the same");
    }

    /// <summary>The directory of the handler's state, for commands that only look at it; null with the reason in <paramref name="problems"/>.</summary>
    public static string? PlanState(SettingValues values, Surroundings around, ProblemList problems)
    {
        CheckAddr(values, problems);
        return PlanStorage(values, around, problems) is { } storage && problems.Problems.Count == 0
            ? StateDirectory.PathFor(storage, values.Text("teleport-addr")!)
            : null;
    }

    private static int Concurrency(SettingValues values) =>
        values.Whole("concurrency") is >= 1 and var concurrency ? concurrency : 5;

    private static TeleportPlan PlanTeleport(string command, SettingValues values, ProblemList problems)
    {
        string[] triple = ["teleport-ca", "teleport-cert", "teleport-key"];
        var given = triple.Where(values.IsGiven).ToList();
        if (values.IsGiven("teleport-identity"))
        {
            if (given.Count > 0)
                problems.Add("teleport-identity", $"{command}: configuration setting `identity` is mutually exclusive with the `cert`, `key` and `ca` settings");
        }
        else if (given.Count == 0)
        {
            problems.Add("teleport-identity", $"{command}: neither `identity` file nor `cert`, `key` and `ca` files configured");
        }
        else if (given.Count < triple.Length)
        {
            var have = Names(given);
            var lack = Names(triple.Except(given));
            problems.Add(given[0], $"{command}: configuration setting(s) {have} are provided but setting(s) {lack} are missing");
        }

        CheckAddr(values, problems);
        var interval = values.Duration("teleport-refresh-interval")!.Value;
        if (values.Switch("teleport-refresh-enabled") && interval <= TimeSpan.Zero)
            problems.Add("teleport-refresh-interval", $"--teleport-refresh-interval is {GoDuration.Format(interval)}", "it must be more than zero, such as 1m");
        return new TeleportPlan
        {
            Addr = values.Text("teleport-addr")!,
            Identity = values.Text("teleport-identity"),
            Ca = values.Text("teleport-ca"),
            Cert = values.Text("teleport-cert"),
            Key = values.Text("teleport-key"),
            RefreshEnabled = values.Switch("teleport-refresh-enabled"),
            RefreshInterval = interval,
        };

        static string Names(IEnumerable<string> settings) =>
            string.Join(", ", settings.Select(name => $"`{name.Replace('-', '.')}`"));
    }

    /// <summary>The state root as an absolute path; null when it is missing.</summary>
    private static string? PlanStorage(SettingValues values, Surroundings around, ProblemList problems)
    {
        var storage = values.Text("storage");
        if (storage is "")
            problems.Add("storage", "--storage is empty", "name the directory that keeps the position");
        return string.IsNullOrEmpty(storage) ? null : around.Absolute(storage);
    }

    private static LockPlan PlanLocks(SettingValues values, ProblemList problems)
    {
        var count = values.Whole("lock-failed-attempts-count")!.Value;
        var period = values.Duration("lock-period")!.Value;
        var lasts = values.Duration("lock-for") ?? TimeSpan.Zero;
        var enabled = values.Switch("lock-enabled");
        if (enabled && period <= TimeSpan.Zero)
            problems.Add("lock-period", $"--lock-period is {GoDuration.Format(period)}", "it must be more than zero, such as 1m");
        if (enabled && lasts < TimeSpan.Zero)
            problems.Add("lock-for", $"--lock-for is {GoDuration.Format(lasts)}", "0 means for ever");
        if (enabled && count < 1)
            problems.Warn("lock-failed-attempts-count", $"--lock-failed-attempts-count is {count}; 1 is used");
        return new LockPlan { Enabled = enabled, FailedAttemptsCount = Math.Max(count, 1), Period = period, For = lasts };
    }

    private static (TimeSpan Timeout, TimeSpan Window, TimeSpan Late) CheckDurations(SettingValues values, ProblemList problems)
    {
        var timeout = values.Duration("timeout")!.Value;
        if (timeout < ShortestTimeout)
        {
            problems.Warn("timeout", $"--timeout is {GoDuration.Format(timeout)}; {GoDuration.Format(ShortestTimeout)} is used", "a number needs a unit, such as 5s");
            timeout = ShortestTimeout;
        }
        var window = values.Duration("window-size")!.Value;
        if (window < TimeSpan.FromSeconds(1))
            problems.Add("window-size", $"--window-size is {GoDuration.Format(window)}", "it must be at least 1s; 24h is usual");
        var late = values.Duration("late-window")!.Value;
        if (late < TimeSpan.Zero)
            problems.Add("late-window", $"--late-window is {GoDuration.Format(late)}", "0 looks for no late events; 10m is usual");
        if (values.Whole("concurrency") is < 1 and var concurrency)
            problems.Warn("concurrency", $"--concurrency is {concurrency}; 5 is used", "with less than 1 no session would ever be read");
        return (timeout, window, late);
    }
}
