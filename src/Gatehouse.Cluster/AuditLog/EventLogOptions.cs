namespace Gatehouse.Cluster.AuditLog;

/// <summary>How the log cuts itself into segments.</summary>
internal sealed record EventLogOptions
{
    /// <summary>
    /// Age at which a segment with events is sealed: only then can an export read it, so this is the delay of bulk exporters. Shorter
    /// makes more and smaller chunks.
    /// </summary>
    public TimeSpan SealAfter { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Wire bytes at which a segment is sealed at once. About 5,000 events; several chunks a day let exporters read in parallel.</summary>
    public int SegmentBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How often age and the incoming folder are looked at.</summary>
    public TimeSpan Tick { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Makes what was written to a segment durable.</summary>
    public Action<FileStream> Sync { get; init; } = file => file.Flush(flushToDisk: true);

    /// <summary>Events waiting to be written; then those who log wait.</summary>
    public int QueueLength { get; init; } = 4096;
}
