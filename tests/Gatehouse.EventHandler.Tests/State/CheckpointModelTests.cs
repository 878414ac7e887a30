using Gatehouse.EventHandler.State;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class CheckpointModelTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Whatever_fails_what_was_acknowledged_is_found_again()
    {
        var seed = Environment.GetEnvironmentVariable("GATEHOUSE_SEED") is { } given ? int.Parse(given, null) : Random.Shared.Next();
        output.WriteLine($"GATEHOUSE_SEED={seed}");
        for (var run = 0; run < 150; run++)
        {
            try
            {
                await Live(new Random(unchecked(seed + run)), crashes: 6);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"GATEHOUSE_SEED={unchecked(seed + run)}", e);
            }
        }
    }

    private static async Task Live(Random random, int crashes)
    {
        var some = new SomeChanges(random);
        var ledger = new Ledger(new MemoryFiles());
        Assert.True(await ledger.Commit(new StateChange.Started(SomeChanges.StartTime)));
        for (var crash = 0; crash < crashes; crash++)
        {
            // Trouble comes in spells: a disk that fails now and then, or not at all.
            var badness = random.Next(3) * 0.08;
            ledger.Files.Fails = _ => random.NextDouble() < badness ? random.NextDouble() : null;
            for (var step = random.Next(60); step > 0; step--)
            {
                var changes = some.Changes();
                if (random.Next(20) == 0)
                    changes.Add(new StateChange.Started(SomeChanges.StartTime));
                for (var tries = 0; !await ledger.Commit(changes) && tries < 3; tries++)
                {
                }
            }
            ledger.Recover(random.Next(2) == 0 ? ledger.Files.AfterKill() : ledger.Files.AfterPowerLoss(random));
            Assert.Equal(SomeChanges.StartTime, ledger.Checkpoint.State.StartTime);
        }
    }
}
