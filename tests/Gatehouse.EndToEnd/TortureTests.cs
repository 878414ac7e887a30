using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Gatehouse.EndToEnd.Running;
using Gatehouse.Torture;
using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>A short torture of the built handler (docs/torture.md); <c>./build.sh torture</c> is the long one.</summary>
public sealed class TortureTests(ITestOutputHelper output)
{
    private const int Runs = 5;

    [Fact]
    public async Task Nothing_is_lost_or_changed_while_the_handler_is_killed_paused_and_starved()
    {
        var seed = Environment.GetEnvironmentVariable("TORTURE_SEED") is { Length: > 0 } given
            ? ulong.Parse(given, CultureInfo.InvariantCulture)
            : (ulong)RandomNumberGenerator.GetInt32(int.MaxValue);
        output.WriteLine($"TORTURE_SEED={seed}");
        var said = new ConcurrentQueue<string>();
        var series = new RunSeries(Binaries.Gatehouse, line =>
        {
            said.Enqueue(line);
            output.WriteLine(line);
        });

        var passed = await series.RunAsync(Runs, seed, 2, "", TestContext.Current.CancellationToken);

        Assert.True(passed, $"TORTURE_SEED={seed}\n{string.Join('\n', said)}");
    }
}
