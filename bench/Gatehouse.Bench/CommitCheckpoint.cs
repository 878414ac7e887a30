using System.Diagnostics;
using Gatehouse.EventHandler.State;

namespace Gatehouse.Bench;

/// <summary>How often progress can be made durable, and how soon a start knows where it was.</summary>
internal sealed class CommitCheckpoint : IBench
{
    private const int Commits = 2_000;
    private const int EventsACommit = 500;

    public string Name => "checkpoint";

    public async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        // In the working directory: /tmp may be memory, where an fsync costs nothing.
        var directory = Path.Combine(Environment.CurrentDirectory, $"bench-checkpoint-{Environment.ProcessId}");
        try
        {
            await Commit(directory, report, cancellationToken);
            await Reopen(directory, report);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task Commit(string directory, Report report, CancellationToken cancellationToken)
    {
        await using var checkpoint = Checkpoint.Open(directory, TimeProvider.System);
        var time = new DateTime(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc);
        await checkpoint.CommitAsync([new StateChange.Started(new DateTimeOffset(time))], cancellationToken);
        var clock = Stopwatch.StartNew();
        UInt128 key = 0;
        for (var commit = 0; commit < Commits; commit++)
        {
            time = time.AddSeconds(5);
            var events = new SettledEvent[EventsACommit];
            for (var i = 0; i < events.Length; i++)
                events[i] = new SettledEvent(key++, time);
            await checkpoint.CommitAsync([new StateChange.PageSettled(time, time.AddMinutes(-10), [.. events])], cancellationToken);
        }
        var seconds = clock.Elapsed.TotalSeconds;
        report.Figure("commits", Commits / seconds, "commits/s", $"{Commits} records of {EventsACommit} settled events, each written and fsynced, new files included");
        report.Figure("settled events made durable", Commits * EventsACommit / seconds, "events/s", "the same run");
    }

    private static async Task Reopen(string directory, Report report)
    {
        var clock = Stopwatch.StartNew();
        await using var checkpoint = Checkpoint.Open(directory, TimeProvider.System);
        report.Figure(
            "open", clock.Elapsed.TotalMilliseconds, "ms", $"after that run: {checkpoint.Sequence} records, {checkpoint.State.Paged.Settled.Count} events remembered");
    }
}
