namespace Gatehouse.Events.Generation;

/// <summary>What <see cref="EventGenerator"/> makes. The same options give the same bytes.</summary>
public sealed record GeneratorOptions
{
    /// <summary>Events of the smallest session; bounds how many sessions fit into a count.</summary>
    public const int MinSessionEvents = 5;

    /// <summary>Audit events in all.</summary>
    public required long Count { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>Earliest event time, UTC.</summary>
    public required DateTime From { get; init; }

    /// <summary>Latest event time, UTC.</summary>
    public required DateTime To { get; init; }

    /// <summary>Recorded sessions among the events; at most a fifth of <see cref="Count"/>.</summary>
    public required int Sessions { get; init; }

    public string ClusterName { get; init; } = "example.test";

    /// <summary>Everything wrong with these options, in the words of the command line; empty when they can be used.</summary>
    public IReadOnlyList<string> Problems()
    {
        var problems = new List<string>();
        if (Count < 0)
            problems.Add("count must not be negative");
        if (Sessions < 0)
            problems.Add("sessions must not be negative");
        if (Sessions > Count / MinSessionEvents)
            problems.Add($"{Sessions} sessions do not fit into {Count} events: a session has at least {MinSessionEvents}");
        if (To - From < TimeSpan.FromMilliseconds(2))
            problems.Add("to must be later than from");
        if (ClusterName.Length == 0 || !ClusterName.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_'))
            problems.Add("a cluster name has letters, digits, dots, dashes and underscores");
        return problems;
    }
}
