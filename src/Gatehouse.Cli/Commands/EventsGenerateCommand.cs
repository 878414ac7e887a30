using System.Globalization;
using Gatehouse.Events.Generation;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cli.Commands;

/// <summary><c>gatehouse events generate</c>: a realistic audit log for demos, tests and benchmarks; the same options give the same bytes.</summary>
internal static class EventsGenerateCommand
{
    private const int FileBuffer = 256 * 1024;

    public static CommandSpec Spec { get; } = new("generate", "Write realistic, deterministic audit events")
    {
        Settings =
        [
            new("count", SettingType.Whole, "Audit events in all") { Default = "1000" },
            new("seed", SettingType.Whole, "Another seed gives another log") { Default = "1" },
            new("from", SettingType.Instant, "Earliest event time") { Default = "2026-01-01T00:00:00Z" },
            new("to", SettingType.Instant, "Latest event time") { Default = "2026-02-01T00:00:00Z" },
            new("sessions", SettingType.Whole, "Recorded sessions among the events; at most a fifth of the count") { Default = "0" },
            new("cluster-name", SettingType.Text, "The cluster's name in the events") { Default = "example.test" },
            new("out", SettingType.Text, "File for the events, one a line") { Letter = 'o', Required = true, Placeholder = "FILE" },
            new("recordings", SettingType.Text, "File for the events of the recordings, lines of {\"sid\", \"event\"}") { Placeholder = "FILE" },
        ],
        Check = (values, _, problems) =>
        {
            if (values.Whole("seed") < 0)
                problems.Add("seed", "--seed must not be negative");
            foreach (var problem in Options(values).Problems())
                problems.Add("", $"generate: {problem}");
        },
        Examples = ["--count 100000 --seed 7 --sessions 500 --out events.ndjson --recordings recordings.ndjson"],
        Run = RunAsync,
    };

    private static GeneratorOptions Options(SettingValues values) => new()
    {
        Count = values.Whole("count")!.Value,
        Seed = (ulong)Math.Max(values.Whole("seed")!.Value, 0),
        From = values.Instant("from")!.Value.UtcDateTime,
        To = values.Instant("to")!.Value.UtcDateTime,
        Sessions = values.Whole("sessions")!.Value,
        ClusterName = values.Text("cluster-name")!,
    };

    private static async Task<int> RunAsync(CommandCall call, CancellationToken cancellation)
    {
        var options = Options(call.Values);
        var bar = call.Around.ErrorIsTerminal ? new ProgressLine(call.Error) : null;
        try
        {
            await using var events = Create(call, "out")!;
            await using var recordings = Create(call, "recordings");
            await new EventGenerator(options).WriteAsync(events, recordings, bar is null ? null : new CountBar(bar, options.Count), cancellation);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            bar?.End();
            return await call.FailAsync($"generate: {failure.Message}");
        }
        bar?.End();
        return 0;
    }

    private static FileStream? Create(CommandCall call, string setting) =>
        call.Values.Text(setting) is { } path
            ? new FileStream(call.Around.Absolute(path), FileMode.Create, FileAccess.Write, FileShare.Read, FileBuffer, useAsync: true)
            : null;

    private sealed class CountBar(ProgressLine line, long total) : IProgress<long>
    {
        public void Report(long value) => line.Draw(value, total, string.Create(CultureInfo.InvariantCulture, $"{value:N0} events"));
    }
}
