using Gatehouse.Bench;

// Usage: Gatehouse.Bench [NAME...]; without names everything is measured.
IBench[] benches =
[
    new StructToJson(),
    new GenerateEvents(),
    new CommitCheckpoint(),
];

var unknown = args.Except(benches.Select(bench => bench.Name)).ToArray();
if (unknown.Length > 0)
{
    Console.Error.WriteLine($"unknown: {string.Join(", ", unknown)}. There are: {string.Join(", ", benches.Select(bench => bench.Name))}");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

var report = new Report(Console.Out);
foreach (var bench in benches.Where(bench => args.Length == 0 || args.Contains(bench.Name)))
{
    report.Heading(bench.Name);
    await bench.RunAsync(report, stop.Token);
}
return 0;
