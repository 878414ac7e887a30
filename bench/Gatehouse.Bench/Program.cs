using Gatehouse.Bench;
using Gatehouse.Bench.EndToEnd;

// Usage: Gatehouse.Bench [--binary FILE] [NAME...]; without names everything is measured.
if (args is [PlainSender.Verb, ..])
    return await PlainSender.RunAsync(args[1..]);

// The receiver's answers cost no change of threads: what the machine can do is for the handler. It inherits nothing of this (MeasuredProcess).
Environment.SetEnvironmentVariable(MeasuredProcess.InlineCompletions, "1");

var binary = Gatehouse.Testing.Repository.PathOf("artifacts", "publish", "linux-x64", "gatehouse");
if (args is ["--binary", var file, ..])
    (binary, args) = (Path.GetFullPath(file), args[2..]);

string[] arrays = ["--fluentd-batch-size", "500"];
IBench[] benches =
[
    new StructToJson(),
    new GenerateEvents(),
    new CommitCheckpoint(),
    new EveryEventOnce(binary),
    new EndToEndCase("arrays", binary, 2_000_000, 10_000, 300_000, tls: false, TimeSpan.Zero, arrays),
    new EndToEndCase("arrays-mtls", binary, 2_000_000, 10_000, 200_000, tls: true, TimeSpan.Zero, arrays),
    new EndToEndCase("arrays-25ms", binary, 1_000_000, 200, 100_000, tls: false, TimeSpan.FromMilliseconds(25), arrays),
    new EndToEndCase("objects", binary, 200_000, 10_000, 25_000, tls: false, TimeSpan.Zero),
    new EndToEndCase("objects-mtls", binary, 200_000, 10_000, 25_000, tls: true, TimeSpan.Zero),
    new StartUp(binary),
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
