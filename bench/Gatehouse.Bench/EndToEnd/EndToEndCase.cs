using System.Diagnostics;
using System.Globalization;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>
/// The way of events through the real process: generator, handler and receiver on the same cores. Measured from the time a fifth of
/// the events has arrived to the last.
/// </summary>
/// <param name="events">Events the handler sends, about.</param>
/// <param name="plainEvents">Events the plain sender sends, which has no need of many.</param>
/// <param name="aim">Events a second.</param>
internal sealed class EndToEndCase(string name, string binary, int events, int plainEvents, double aim, bool tls, TimeSpan delay, params string[] settings) : IBench
{
    private const int SampleEvents = 20_000;

    /// <summary>Most memory at full speed, MiB.</summary>
    private const double MemoryAim = 80;

    public string Name => name;

    public async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var day = DateOnly.FromDateTime(DateTime.UtcNow);
        var plain = await MeasureAsync(new ExportSample(plainEvents, day), 1, day, stage => stage.StartPlainSender(), cancellationToken);
        var sample = new ExportSample(Math.Min(SampleEvents, events), day);
        var ours = await MeasureAsync(sample, Math.Max(1, events / sample.Count), day, stage => stage.StartHandler(binary, settings), cancellationToken);

        var how = string.Create(CultureInfo.InvariantCulture,
            $"{ours.Events} events of {sample.AverageJsonBytes:0} B, {(settings is [_, var batch] ? $"arrays of {batch}" : "one object a POST")}, receiver {(tls ? "mTLS" : "plain HTTP")}{(delay > TimeSpan.Zero ? $" answering after {delay.TotalMilliseconds:0} ms" : "")}, cluster mTLS, last 4/5 of the run");
        report.Figure($"{name}: rate", ours.Rate, "events/s", aim, how);
        report.Figure($"{name}: plain sender's rate", plain.Rate, "events/s", $"{plain.Events} events, one object a POST, one at a time, Google.Protobuf, HttpClient, no checkpoint");
        report.Figure($"{name}: ratio", ours.Rate / plain.Rate, "times", "the two above");
        report.Figure($"{name}: handler CPU", ours.SenderCpu * 1e6, "ms/1000 events", "user and system time of the process from /proc");
        report.Figure($"{name}: plain sender's CPU", plain.SenderCpu * 1e6, "ms/1000 events", "the same");
        report.Figure($"{name}: generator and receiver CPU", ours.BenchCpu * 1e6, "ms/1000 events", "the same, of this process");
        report.Figure($"{name}: both cores alone would give", Environment.ProcessorCount / (ours.SenderCpu + ours.BenchCpu), "events/s", "cores / CPU per event of handler, generator and receiver");
        report.AtMost($"{name}: handler's peak memory", ours.PeakMemory, "MiB", MemoryAim, "VmHWM at the end of the run");
        report.Figure($"{name}: plain sender's peak memory", plain.PeakMemory, "MiB", "the same");
    }

    /// <param name="SenderCpu">CPU seconds an event, of the process that sends.</param>
    /// <param name="BenchCpu">CPU seconds an event, of generator and receiver.</param>
    private sealed record Result(long Events, double Rate, double SenderCpu, double BenchCpu, double PeakMemory);

    private async Task<Result> MeasureAsync(ExportSample sample, int chunks, DateOnly day, Func<Stage, MeasuredProcess> start, CancellationToken cancellation)
    {
        await using var stage = await Stage.SetAsync(sample, chunks, tls, delay, day);
        await using var process = start(stage);
        var all = (long)sample.Count * chunks;
        await process.UntilAsync(stage.Receiver.WhenAsync(all / 5), cancellation);
        var (clock, events, cpu, bench) = (Stopwatch.GetTimestamp(), stage.Receiver.Events, process.CpuSeconds, Environment.CpuUsage.TotalTime);
        await process.UntilAsync(stage.Receiver.WhenAsync(all), cancellation);
        var seconds = Stopwatch.GetElapsedTime(clock).TotalSeconds;
        var measured = (double)(stage.Receiver.Events - events);
        return new Result(all, measured / seconds, (process.CpuSeconds - cpu) / measured, (Environment.CpuUsage.TotalTime - bench).TotalSeconds / measured, process.PeakMemory);
    }
}
