using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.Torture;

// Usage: Gatehouse.Torture [--runs N] [--seed S] [--parallel P] [--handler PATH] [--only WORD]
var runs = 20;
var seed = (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);
var parallel = 2;
var only = "";
var handler = Path.Combine(AppContext.BaseDirectory, "gatehouse");
for (var i = 0; i < args.Length; i += 2)
{
    var value = i + 1 < args.Length ? args[i + 1] : "";
    var understood = args[i] switch
    {
        "--runs" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out runs) && runs > 0,
        "--seed" => ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out seed),
        "--parallel" => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out parallel) && parallel > 0,
        "--handler" => File.Exists(handler = value),
        "--only" => (only = value).Length > 0,
        _ => false,
    };
    if (!understood)
    {
        Console.Error.WriteLine($"not understood: {args[i]} {value}. Usage: --runs N --seed S --parallel P --handler PATH --only WORD");
        return 2;
    }
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
Console.WriteLine($"{runs} runs from seed {seed}");
return await new RunSeries(handler, Console.WriteLine).RunAsync(runs, seed, parallel, only, stop.Token) ? 0 : 1;
