namespace Gatehouse.Hosting.Diagnostics;

/// <summary>
/// What must be true before the process is of use, by name. Each check is asked when somebody looks, from any thread, and must answer
/// at once from what it knows.
/// </summary>
public sealed class ReadinessRegistry
{
    private readonly Lock _gate = new();
    private readonly List<(string Name, Func<string?> WhyNot)> _checks = [];

    /// <param name="name">A word or two, such as <c>cluster</c>.</param>
    /// <param name="whyNot">What is missing, in words for the operator; null when all is well.</param>
    public void Add(string name, Func<string?> whyNot)
    {
        lock (_gate)
            _checks.Add((name, whyNot));
    }

    /// <summary>What is not ready, a line each; empty when all is.</summary>
    public IReadOnlyList<string> NotReady()
    {
        (string Name, Func<string?> WhyNot)[] checks;
        lock (_gate)
            checks = [.. _checks];
        var lines = new List<string>();
        foreach (var (name, whyNot) in checks)
        {
            if (Ask(whyNot) is { } reason)
                lines.Add($"{name}: {reason}");
        }
        return lines;
    }

    /// <summary>A check that breaks is a part that is not ready.</summary>
    private static string? Ask(Func<string?> whyNot)
    {
        try
        {
            return whyNot();
        }
        catch (Exception e)
        {
            return e.Message;
        }
    }
}
