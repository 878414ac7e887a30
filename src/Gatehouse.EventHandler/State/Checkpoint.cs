using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Gatehouse.EventHandler.State;

/// <summary>
/// The durable memory of the handler: an append-only journal of checksummed records in the state directory, one record per advance,
/// fsynced before it counts. Holds the directory's single-instance lock while open.
/// </summary>
/// <remarks>The way of a record: 1. encode, 2. write, 3. fsync, 4. fold into the state, 5. begin a new file when this one has grown.</remarks>
public sealed class Checkpoint : IAsyncDisposable
{
    private readonly Journal _journal;
    private readonly IDisposable? _lock;
    private readonly ILogger _log;

    private Checkpoint(string directory, HandlerState state, Journal journal, IDisposable? held, ILogger log)
    {
        (Directory, State, _journal, _lock, _log) = (directory, state, journal, held, log);
    }

    /// <summary>The handler's state directory.</summary>
    public string Directory { get; }

    /// <summary>What is remembered, as of the newest durable record. Changes inside <see cref="CommitAsync"/> only.</summary>
    public HandlerState State { get; }

    /// <summary>How many advances were made in this directory; grows by one a commit.</summary>
    public ulong Sequence => _journal.Sequence;

    /// <summary>
    /// Opens or creates the state in <paramref name="directory"/>: takes the lock, reads the newest whole record, and on the first
    /// start takes over what upstream left there, which from the first commit on no longer counts.
    /// </summary>
    /// <exception cref="StateException">Locked by another process, not creatable, or beyond reading; says which and what to do.</exception>
    public static Checkpoint Open(string directory, TimeProvider time, ILogger? log = null) =>
        Open(directory, path => new DiskFiles(path), time, log ?? NullLogger.Instance);

    internal static Checkpoint Open(string directory, Func<string, IStateFiles> files, TimeProvider time, ILogger log)
    {
        StateDirectory.Prepare(directory, log);
        var held = DirectoryLock.Take(directory);
        try
        {
            return Open(directory, files(directory), held, time, log);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    internal static Checkpoint Open(string directory, IStateFiles files, IDisposable? held, TimeProvider time, ILogger log)
    {
        try
        {
            // Without a record of our own (a first start that failed early), upstream may have gone on in the meantime: look again.
            if (StateReader.FindNewest(files, log) is { } found && found.Reading.Sequence > 0)
            {
                var journal = Journal.Continue(files, found.Name, found.Reading);
                return new Checkpoint(directory, found.Reading.State, journal, held, log);
            }
            var state = UpstreamState.Read(directory, time.GetUtcNow().UtcDateTime, log);
            return new Checkpoint(directory, state, Journal.Begin(files, state), held, log);
        }
        catch (Exception e) when (e is InvalidDataException)
        {
            throw new StateException(
                $"The checkpoint in {directory} was written by a newer version of this program: {e.Message}. Use that version, or rm {directory}/checkpoint* to begin again.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StateException($"Can not use the state in {directory} : {e.Message}", e);
        }
    }

    /// <summary>Writes one record with all changes and returns when it is durable; then they show in <see cref="State"/>. Not for concurrent use.</summary>
    /// <param name="cancellation">Heeded before the write begins; a record once begun is finished.</param>
    /// <exception cref="IOException">The disk refused. Nothing changed; the same call may be made again.</exception>
    public ValueTask CommitAsync(IReadOnlyList<StateChange> changes, CancellationToken cancellation) =>
        changes.Count == 0 ? ValueTask.CompletedTask : new ValueTask(Task.Run(() => Commit(changes), cancellation));

    public ValueTask DisposeAsync()
    {
        _journal.Dispose();
        _lock?.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Commit(IReadOnlyList<StateChange> changes)
    {
        try
        {
            _journal.Append(changes);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }

        foreach (var change in changes)
        {
            StateFold.Apply(State, change);
            _journal.ReplaceWanted |= change is StateChange.Started;
        }
        if (_journal.ReplaceDue)
            BeginNewFile();
    }

    /// <summary>The record is durable already, so trouble here is a word in the log and another try later.</summary>
    private void BeginNewFile()
    {
        try
        {
            var before = _journal.Length;
            _journal.Replace(State);
            Log.CheckpointCompacted(_log, before, _journal.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Log.CheckpointNotCompacted(_log, Directory, e);
        }
    }
}

/// <summary>The state directory cannot be used.</summary>
public sealed class StateException(string message, Exception? inner = null) : Exception(message, inner);
