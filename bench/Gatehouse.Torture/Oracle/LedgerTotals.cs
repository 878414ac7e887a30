namespace Gatehouse.Torture.Oracle;

/// <summary>Counts of one run, and of many.</summary>
internal sealed class LedgerTotals
{
    public long Issued { get; set; }

    /// <summary>Distinct events the receiver has.</summary>
    public long Acknowledged { get; set; }

    /// <summary>Events that only the dead letters have.</summary>
    public long DeadLetters { get; set; }

    public long Missing { get; set; }

    public long Altered { get; set; }

    public long Invented { get; set; }

    /// <summary>Covered by a checkpoint before anybody had them.</summary>
    public long Uncovered { get; set; }

    public long Duplicates { get; set; }

    /// <summary>Acknowledged and in no checkpoint, summed over the starts, and answers lost: more than this could not come twice.</summary>
    public long DuplicatesBound { get; set; }

    /// <summary>Events in requests that were open when the handler was killed.</summary>
    public long OpenAtKills { get; set; }

    /// <summary>Events the receiver took and whose answer it lost.</summary>
    public long AnswersLost { get; set; }

    /// <summary>Came again although they should not have.</summary>
    public long Excess { get; set; }

    public void Add(LedgerTotals other)
    {
        Issued += other.Issued;
        Acknowledged += other.Acknowledged;
        DeadLetters += other.DeadLetters;
        Missing += other.Missing;
        Altered += other.Altered;
        Invented += other.Invented;
        Uncovered += other.Uncovered;
        Duplicates += other.Duplicates;
        DuplicatesBound += other.DuplicatesBound;
        OpenAtKills += other.OpenAtKills;
        AnswersLost += other.AnswersLost;
        Excess += other.Excess;
    }
}
