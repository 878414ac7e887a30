using System.Globalization;
using Gatehouse.Torture.Oracle;

namespace Gatehouse.Torture;

/// <summary>What came of one run.</summary>
/// <param name="Lives">How each life ended, in order.</param>
/// <param name="InFlight">Most bytes of audit events that were acknowledged and in no checkpoint at the end of a life.</param>
/// <param name="Folder">Where logs and state are; null when there is nothing to look at.</param>
internal sealed record RunReport(
    RunPlan Plan, LedgerTotals Totals, IReadOnlyList<string> Violations, IReadOnlyList<string> Lives, int Faults, long InFlight, TimeSpan Took, string? Folder)
{
    public bool Passed => Violations.Count == 0;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"seed {Plan.Seed}: {(Passed ? "ok" : "FAILED")}  [{Plan}]  {string.Join(", ", Lives)}; {Faults} faults; issued {Totals.Issued}, acked {Totals.Acknowledged}, dead letters {Totals.DeadLetters}, duplicates {Totals.Duplicates} (bound {Totals.DuplicatesBound}, open at kills {Totals.OpenAtKills}, answers lost {Totals.AnswersLost}), in flight {InFlight / 1024} KiB, {Took.TotalSeconds:F1} s");
}
