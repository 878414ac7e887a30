using System.Diagnostics;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>How soon the first event is on its way, and what a handler with nothing to do holds.</summary>
internal sealed class StartUp(string binary) : IBench
{
    private const int Starts = 11;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(10);

    public string Name => "start-up";

    public async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var day = DateOnly.FromDateTime(DateTime.UtcNow);
        var sample = new ExportSample(100, day);
        var times = new List<double>();
        for (var i = 0; i < Starts; i++)
        {
            await using var stage = await Stage.SetAsync(sample, 1, tls: false, TimeSpan.Zero, day);
            await using var handler = stage.StartHandler(binary);
            await handler.UntilAsync(stage.Receiver.WhenAsync(1), cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(handler.Started, stage.Receiver.FirstPost).TotalMilliseconds);
        }
        times.Sort();
        report.AtMost("first event after the start", times[Starts / 2], "ms", 300, $"from exec to the first POST at the receiver, new state directory, median of {Starts} starts");
        report.Figure("first event after the start, best", times[0], "ms", "the same starts");
        report.Figure("first event after the start, worst", times[^1], "ms", "the same starts");

        await using var quiet = await Stage.SetAsync(sample, 0, tls: false, TimeSpan.Zero, day);
        await using var idle = quiet.StartHandler(binary);
        await idle.UntilAsync(quiet.Generator.Asked, cancellationToken);
        await idle.UntilAsync(Task.Delay(Quiet, cancellationToken), cancellationToken);
        report.AtMost("memory when idle", idle.MemoryNow, "MiB", 60, $"VmRSS {Quiet.TotalSeconds:0} s after the start, nothing to export");
    }
}
