using Gatehouse.Events;
using Gatehouse.Hosting.Files;

namespace Gatehouse.EventHandler.Outputs;

/// <summary>
/// Sends dead letters again and removes those that were delivered; what was not stays, damaged lines too. Recordings that were given up
/// go back to the handler, which streams them anew (<see cref="RecordingsAgainFile"/>).
/// </summary>
/// <remarks>
/// <para>1. Under the lock, <c>dead-letters.ndjson</c> is renamed to <c>dead-letters.replay.ndjson</c>; a handler that runs meanwhile starts a new file.</para>
/// <para>2. Its letters are sent one by one, or handed back to the handler; those that stay are collected in <c>dead-letters.staying.ndjson</c>.</para>
/// <para>3. Under the lock again, these are appended to <c>dead-letters.ndjson</c> and fsynced, then both other files are deleted.</para>
/// <para>
/// The last of these is locked from step 1 to the end of step 3, so a second replay is refused. It is made, taken and deleted only under the
/// other lock, so nobody locks a file that is about to go.
/// </para>
/// <para>A crash between leaves the replay file, and the next replay begins with it: an event or a recording may arrive twice, none is lost.</para>
/// </remarks>
public static class DeadLetterReplay
{
    private const string ReplayName = "dead-letters.replay.ndjson";
    private const string StayingName = "dead-letters.staying.ndjson";

    /// <summary>Runs until every letter was tried once, or the receiver is in trouble: then the rest stays for the next time.</summary>
    /// <param name="directory">State directory.</param>
    /// <param name="output">Where to.</param>
    /// <param name="select">Which to send; null for all.</param>
    /// <param name="time">Clock of the lock's wait.</param>
    /// <param name="cancellation">Ends it early; what was delivered until then is removed all the same.</param>
    /// <exception cref="IOException">The files cannot be moved or written, or another replay is at work.</exception>
    public static async Task<DeadLetterReplayResult> RunAsync(
        string directory, IDurableOutput output, Predicate<DeadLetter>? select, TimeProvider time, CancellationToken cancellation)
    {
        var waiting = Path.Combine(directory, DeadLetterFile.FileName);
        var replay = Path.Combine(directory, ReplayName);
        var staying = Path.Combine(directory, StayingName);

        // 1
        FileLock taken;
        using (await DeadLetterFile.LockAsync(directory, time, cancellation))
        {
            taken = Take(staying);
            if (!File.Exists(replay) && File.Exists(waiting))
                File.Move(waiting, replay);
        }
        await using var held = taken;
        var rest = held.File;

        // 2
        var result = new DeadLetterReplayResult();
        var recordings = new RecordingsAgainFile(directory, time);
        await foreach (var letter in DeadLetterFile.ReadAsync(replay, CancellationToken.None))
        {
            var gone = result.Gone;
            if (select?.Invoke(letter) == false || letter.Kind is not (DeadLetterKind.Event or DeadLetterKind.Recording))
                result = result with { NotTried = result.NotTried + 1 };
            else if (cancellation.IsCancellationRequested || (letter.Kind == DeadLetterKind.Event && result.Trouble is not null))
                result = result with { Left = result.Left + 1 };
            else if (letter.Kind == DeadLetterKind.Event)
                result = await SendAsync(output, letter, result, cancellation);
            else
                result = await HandBackAsync(recordings, letter, result);
            if (result.Gone != gone)
                continue;
            await rest.WriteAsync(letter.Line, CancellationToken.None);
            rest.WriteByte((byte)'\n');
        }

        // 3
        using (await DeadLetterFile.LockAsync(directory, time, CancellationToken.None))
        {
            rest.Position = 0;
            if (rest.Length > 0)
                await DeadLetterFile.AppendToAsync(waiting, file => new ValueTask(rest.CopyToAsync(file, CancellationToken.None)));
            File.Delete(replay);
            File.Delete(staying);
            DirectorySync.Flush(directory);
        }
        return result;
    }

    /// <summary>Empty, for the owner alone, and locked; what a killed replay left in it is in the replay file too.</summary>
    private static FileLock Take(string path)
    {
        var taken = FileLock.TryTake(path) ?? throw new IOException($"another replay is at work in {Path.GetDirectoryName(path)}");
        taken.File.SetLength(0);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(taken.File.SafeFileHandle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return taken;
    }

    private static async Task<DeadLetterReplayResult> HandBackAsync(RecordingsAgainFile recordings, DeadLetter letter, DeadLetterReplayResult result)
    {
        var line = new byte[letter.Line.Length + 1];
        letter.Line.CopyTo(line);
        line[^1] = (byte)'\n';
        await recordings.AppendAsync(line, CancellationToken.None);
        return result with { HandedBack = result.HandedBack + 1 };
    }

    private static async Task<DeadLetterReplayResult> SendAsync(
        IDurableOutput output, DeadLetter letter, DeadLetterReplayResult result, CancellationToken cancellation)
    {
        using var batch = BatchOf(letter);
        try
        {
            return await output.SendAsync(new EventSlice(batch, 0, 1), letter.Destination, cancellation) switch
            {
                Verdict.Delivered => result with { Delivered = result.Delivered + 1 },
                Verdict.TryAgain trouble => result with { Left = result.Left + 1, Trouble = trouble.Reason },
                Verdict.Refused refused => result with { RefusedAgain = result.RefusedAgain + 1, LastRefusal = refused.Reason },
                Verdict.TooLarge large => result with { RefusedAgain = result.RefusedAgain + 1, LastRefusal = large.Reason },
                var unknown => throw new InvalidOperationException($"a verdict nobody knows: {unknown}"),
            };
        }
        catch (OperationCanceledException)
        {
            return result with { Left = result.Left + 1 };
        }
    }

    private static EventBatch BatchOf(DeadLetter letter)
    {
        var batch = new EventBatch(letter.Event.Length + 64);
        var start = batch.BeginDocument();
        letter.Event.Span.CopyTo(batch.JsonSpan(letter.Event.Length));
        batch.AdvanceJson(letter.Event.Length);
        batch.EndDocument(new EventHeader
        {
            JsonStart = start,
            JsonLength = letter.Event.Length,
            Type = letter.EventType,
            Time = DateTime.MinValue,
            Index = 0,
            Id = default,
            SessionId = default,
            Cursor = default,
        });
        return batch;
    }
}

/// <summary>What became of a replay.</summary>
public sealed record DeadLetterReplayResult
{
    /// <summary>Delivered and removed.</summary>
    public int Delivered { get; init; }

    /// <summary>Recordings that the handler streams again, at once when it runs and otherwise at its next start; removed.</summary>
    public int HandedBack { get; init; }

    /// <summary>Refused once more; they stay.</summary>
    public int RefusedAgain { get; init; }

    /// <summary>Why the last of them was.</summary>
    public string? LastRefusal { get; init; }

    /// <summary>Not reached, because the receiver was in trouble or the replay was ended; they stay.</summary>
    public int Left { get; init; }

    internal int Gone => Delivered + HandedBack;

    /// <summary>Nothing that can be sent, or not selected; they stay.</summary>
    public int NotTried { get; init; }

    /// <summary>Why the replay stopped before its end; null when it did not.</summary>
    public string? Trouble { get; init; }
}
