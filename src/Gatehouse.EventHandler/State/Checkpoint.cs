namespace Gatehouse.EventHandler.State;

/// <summary>
/// The durable memory of the handler: an append-only journal of checksummed records in the state directory, one record per advance,
/// fsynced before it counts. Holds the directory's single-instance lock while open.
/// </summary>
public sealed class Checkpoint : IAsyncDisposable
{
    /// <summary>What is remembered, as of the newest durable record.</summary>
    public HandlerState State { get; } = new();

    /// <summary>
    /// Opens or creates the state in <paramref name="directory"/>: takes the lock, reads the newest whole record, and on the first
    /// start takes over what upstream left there.
    /// </summary>
    /// <exception cref="StateException">Locked by another process, not creatable, or beyond reading; says which and what to do.</exception>
    public static Checkpoint Open(string directory, TimeProvider time) => throw new NotImplementedException($"{directory} {time}");

    /// <summary>Writes one record with all changes and returns when it is durable; then they show in <see cref="State"/>. Not for concurrent use.</summary>
    /// <exception cref="IOException">The disk refused. Nothing changed; the same call may be made again.</exception>
    public ValueTask CommitAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellation) => throw new NotImplementedException();

    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

/// <summary>The state directory cannot be used.</summary>
public sealed class StateException(string message, Exception? inner = null) : Exception(message, inner);
