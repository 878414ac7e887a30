using System.Runtime.CompilerServices;
using Gatehouse.Hosting.Files;

namespace Gatehouse.EventHandler.Outputs;

/// <summary>
/// Given-up recordings on their way back from a replay to the handler, which alone may write the checkpoint: <c>recordings-again.ndjson</c>
/// in the state directory.
/// </summary>
/// <remarks>
/// <para>Its lines are those of the dead-letter file, byte for byte. A replay appends them fsynced, under the dead letters' lock.</para>
/// <para>
/// The handler renames it to <c>recordings-again.taken.ndjson</c> under the same lock, reads that, and deletes it when all of it is in
/// the checkpoint. What a crash leaves is read again. A line cut off belongs to a replay that did not end and still has its letter.
/// </para>
/// </remarks>
internal sealed class RecordingsAgainFile(string directory, TimeProvider time)
{
    private readonly string _taken = System.IO.Path.Combine(directory, "recordings-again.taken.ndjson");

    public string Path { get; } = System.IO.Path.Combine(directory, "recordings-again.ndjson");

    /// <param name="lines">Whole lines with their line feeds.</param>
    /// <exception cref="IOException">The disk refused.</exception>
    public async ValueTask AppendAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellation)
    {
        using var held = await DeadLetterFile.LockAsync(directory, time, cancellation).ConfigureAwait(false);
        await DeadLetterFile.AppendToAsync(Path, lines, cancellation).ConfigureAwait(false);
    }

    /// <returns>Whether there is something to read.</returns>
    /// <exception cref="IOException">It cannot be renamed.</exception>
    public async ValueTask<bool> TakeAsync(CancellationToken cancellation)
    {
        if (File.Exists(_taken))
            return true;
        if (!File.Exists(Path))
            return false;
        using var held = await DeadLetterFile.LockAsync(directory, time, cancellation).ConfigureAwait(false);
        File.Move(Path, _taken);
        return true;
    }

    /// <summary>What was taken.</summary>
    public async IAsyncEnumerable<(string SessionId, long NextIndex)> ReadAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var letter in DeadLetterReader.ReadAsync(_taken, cancellation).ConfigureAwait(false))
        {
            if (letter is { Kind: DeadLetterKind.Recording, SessionId: { Length: > 0 } id })
                yield return (id, letter.NextIndex);
        }
    }

    /// <summary>All of it is in the checkpoint.</summary>
    public void Forget()
    {
        File.Delete(_taken);
        DirectorySync.Flush(directory);
    }
}
