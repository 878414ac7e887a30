using Gatehouse.Cli.Up;
using Gatehouse.Cluster;
using Gatehouse.Hosting.Lifetime;
using Gatehouse.Hosting.Logging;
using Gatehouse.Hosting.Settings;
using Microsoft.Extensions.Logging;
using Spectre.Console;

namespace Gatehouse.Cli.Commands;

/// <summary><c>gatehouse up</c>: an auth service, a receiver and the handler between them on this machine, to see it work.</summary>
internal static class UpCommand
{
    private static readonly string[] Amounts = ["events", "seed", "new-events"];
    private static readonly string[] BesideTheUrl = ["fluentd-session-url", "fluentd-ca", "fluentd-cert", "fluentd-key"];

    public static CommandSpec Spec { get; } = new("up", "Run a cluster, an event handler and a receiver on this machine")
    {
        Settings =
        [
            new("dir", SettingType.Text, "Folder of everything; remove it to start afresh") { Default = "artifacts/up", Placeholder = "DIR" },
            new("import", SettingType.List, "Audit logs to take over instead of a made-up week: files of events, also .gz, or folders of *.log") { Placeholder = "FILE" },
            new("recordings", SettingType.List, "Files of session recordings, lines of {\"sid\", \"event\"}") { Placeholder = "FILE" },
            new("events", SettingType.Whole, "Events of the made-up week") { Default = "20000" },
            new("seed", SettingType.Whole, "Another seed makes up another week") { Default = "1" },
            new("new-events", SettingType.Whole, "Made-up events a second while it runs, 0 for none; 3, or 0 with an import"),
            new("fluentd-url", SettingType.Text, "A receiver of yours for audit events; without it one is started here") { Placeholder = "URL" },
            new("fluentd-session-url", SettingType.Text, "Where its recordings go; /session beside the other when not set") { Placeholder = "URL" },
            new("fluentd-ca", SettingType.File, "CA of the receiver"),
            new("fluentd-cert", SettingType.File, "Client certificate for the receiver"),
            new("fluentd-key", SettingType.File, "Key of that certificate"),
        ],
        Check = (values, around, problems) => Plan(values, around, problems),
        Examples =
        [
            "--import /var/lib/teleport/log/events.log --recordings recordings.ndjson",
            "--fluentd-url https://localhost:8888/test.log --fluentd-ca ca.crt --fluentd-cert client.crt --fluentd-key client.key",
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        var plan = Plan(call.Values, call.Around, new ProblemList())!;
        var time = TimeProvider.System;
        var terminal = ReferenceEquals(call.Out, Console.Out) && !Console.IsOutputRedirected;
        IUpView view = terminal ? new TerminalView(AnsiConsole.Console, time) : new PipeView(call.Out, time);
        try
        {
            using var directory = UpDirectory.Open(plan.Directory);
            using var logFile = new FileStream(directory.Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, 0);
            using var loggers = ConsoleLog.Create(LogFormat.Text, LogLevel.Information, logFile, time);
            using var signals = new ProcessSignals();
            using var outside = cancellation.Register(signals.RequestStop);
            return await new UpRun(plan, call.Around, view, signals, loggers, directory, time).RunAsync();
        }
        catch (OperationCanceledException)
        {
            // Told to stop before everything was up; the next start goes on.
            return 0;
        }
        catch (Exception failure) when (failure is UpException or ClusterException or IOException or UnauthorizedAccessException)
        {
            return await call.FailAsync($"up: {failure.Message}");
        }
    }

    /// <summary>From settings as written to the checked plan.</summary>
    private static UpPlan Plan(SettingValues values, Surroundings around, ProblemList problems)
    {
        foreach (var name in Amounts)
        {
            if (values.Whole(name) < 0)
                problems.Add(name, $"--{name} must not be negative");
        }
        var import = Existing(values, "import", around, problems);
        var recordings = Existing(values, "recordings", around, problems);
        return new UpPlan
        {
            Directory = around.Absolute(values.Text("dir")!),
            Import = import,
            Recordings = recordings,
            Events = values.Whole("events")!.Value,
            Seed = (ulong)Math.Max(0, values.Whole("seed")!.Value),
            NewEvents = values.Whole("new-events") ?? (import.Length > 0 ? 0 : 3),
            Receiver = Receiver(values, problems),
        };
    }

    private static OutsideReceiver? Receiver(SettingValues values, ProblemList problems)
    {
        if (values.Text("fluentd-url") is not { Length: > 0 } url)
        {
            foreach (var name in BesideTheUrl.Where(values.IsGiven))
                problems.Add(name, $"--{name} is of no use without --fluentd-url");
            return null;
        }
        if (!Uri.TryCreate(url, UriKind.Absolute, out var parsed) || parsed.Scheme is not ("http" or "https"))
        {
            problems.Add("fluentd-url", $"--fluentd-url: {url} is no URL", "such as https://localhost:8888/test.log");
            return null;
        }
        var sessions = values.Text("fluentd-session-url") ?? $"{parsed.GetLeftPart(UriPartial.Authority)}/session";
        return new OutsideReceiver(url, sessions, values.Text("fluentd-ca"), values.Text("fluentd-cert"), values.Text("fluentd-key"));
    }

    private static string[] Existing(SettingValues values, string name, Surroundings around, ProblemList problems)
    {
        string[] paths = [.. values.List(name).Select(around.Absolute)];
        foreach (var path in paths.Where(path => !Path.Exists(path)))
            problems.Add(name, $"--{name}: {path} does not exist");
        return paths;
    }
}
