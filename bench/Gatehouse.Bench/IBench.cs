namespace Gatehouse.Bench;

/// <summary>One thing worth measuring. Entries are listed in Program.cs.</summary>
internal interface IBench
{
    /// <summary>Name on the command line.</summary>
    string Name { get; }

    /// <summary>Measures and says each figure as it is known.</summary>
    Task RunAsync(Report report, CancellationToken cancellationToken);
}
