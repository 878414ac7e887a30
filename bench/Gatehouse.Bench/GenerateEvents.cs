using Gatehouse.Events.Generation;

namespace Gatehouse.Bench;

/// <summary>How fast a demo log is written.</summary>
internal sealed class GenerateEvents : IBench
{
    private const int Count = 200_000;

    public string Name => "generate";

    public async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var rates = new List<double>();
        for (var round = 0; round < 4; round++)
        {
            var generator = new EventGenerator(new GeneratorOptions
            {
                Count = Count,
                Seed = (ulong)round,
                From = new DateTime(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc),
                To = new DateTime(2026, 11, 8, 0, 0, 0, DateTimeKind.Utc),
                Sessions = Count / 50,
            });
            var before = Environment.CpuUsage.TotalTime;
            await generator.WriteAsync(Stream.Null, Stream.Null, null, cancellationToken);
            rates.Add(Count / (Environment.CpuUsage.TotalTime - before).TotalSeconds);
        }
        report.Figure("generate events", rates.Max(), "events/s/core", 200_000, $"{Count} events and {Count / 50} recorded sessions to nowhere, best of 4, per CPU second");
    }
}
