using System.Globalization;
using Gatehouse.Torture.Handlers;
using Gatehouse.Torture.Oracle;

namespace Gatehouse.Torture;

/// <summary>Many runs, their sum, and a verdict.</summary>
/// <param name="program">The built handler.</param>
/// <param name="say">Takes a line at a time.</param>
internal sealed class RunSeries(string program, Action<string> say)
{
    /// <summary>Looked through for plans that are wanted.</summary>
    private const int MostSeeds = 1_000_000;

    private readonly Lock _gate = new();
    private readonly LedgerTotals _totals = new();
    private int _done;
    private int _failed;

    /// <summary>Runs the seeds from <paramref name="seed"/> on.</summary>
    /// <param name="only">Only those whose plan has this word in it; empty for all.</param>
    /// <returns>Whether all of them passed.</returns>
    public async Task<bool> RunAsync(int runs, ulong seed, int parallel, string only, CancellationToken cancellation)
    {
        var mayMount = SmallDisk.IsPossible;
        if (!mayMount)
            say("the full disk is left out: it takes root and a tmpfs");
        var plans = Enumerable.Range(0, MostSeeds).Select(i => RunPlan.Of(seed + (ulong)i, mayMount))
            .Where(plan => plan.ToString().Contains(only, StringComparison.Ordinal)).Take(runs);
        try
        {
            await Parallel.ForEachAsync(plans, new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = cancellation }, async (plan, _) =>
                Take(await TortureRun.RunAsync(plan, program)));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            say("interrupted");
        }
        say(string.Create(CultureInfo.InvariantCulture,
            $"{_done} runs, {_totals.Issued} events issued, {_totals.Acknowledged} acked, {_totals.DeadLetters} dead letters, {_totals.Missing} missing, {_totals.Altered} altered, {_totals.Invented} invented, {_totals.Duplicates} duplicates (bound {_totals.DuplicatesBound}, {_totals.Excess} beyond it; open at kills {_totals.OpenAtKills}, answers lost {_totals.AnswersLost}), {_totals.Uncovered} checkpointed before they were acked, {_failed} runs failed"));
        return _failed == 0 && _done == runs;
    }

    private void Take(RunReport report)
    {
        lock (_gate)
        {
            _done++;
            _totals.Add(report.Totals);
            say(report.ToString());
            if (report.Passed)
                return;
            _failed++;
            foreach (var violation in report.Violations)
                say("  " + violation);
            say($"  logs and state: {report.Folder}");
            say($"  again: ./build.sh torture --runs 1 --seed {report.Plan.Seed}");
        }
    }
}
