using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Gatehouse.Hosting.Files;

namespace Gatehouse.EventHandler.State;

/// <summary>
/// Writes a state back in upstream's layout (spec 6), so that <c>teleport-event-handler</c> goes on where this handler stopped. Where
/// upstream can not say what we know, the value is chosen that sends something again.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Paged mode: upstream skips events by one id on one page and never looks back, so it is given neither id nor page key but
/// <c>window_time</c> at the floor, before which nothing is missing. Handlers older than version 17 do not know that file and begin at
/// <c>start_time</c>.</item>
/// <item>Recordings, the missing ones too, become <c>session&lt;sid&gt;</c> files: every version tries those again at its start, while
/// <c>missing_recording&lt;sid&gt;</c> means nothing to older ones and may be given up at once by newer ones.</item>
/// <item>Files of upstream's that are not part of the state any more (done sessions, closed days) are removed.</item>
/// </list>
/// Each file is for the owner alone, written beside, fsynced and renamed.
/// </remarks>
public static class UpstreamExport
{
    private const string Beside = "export.tmp";

    /// <summary>Upstream's <c>session</c> files are eight bytes, or none after an unlucky crash. What is longer is somebody else's.</summary>
    private const int LongestSession = 8;

    private const UnixFileMode OwnerFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerFolder = OwnerFile | UnixFileMode.UserExecute;

    /// <summary>Exports what the handler remembers. Holds the lock of the state directory meanwhile and leaves the checkpoint as it is.</summary>
    /// <param name="directory">The handler's state directory.</param>
    /// <param name="target">Where to; null for the state directory itself. Another one must be new or empty.</param>
    /// <returns>What was done, a line each, for the user.</returns>
    /// <exception cref="StateException">No progress of this handler there, a handler running, or a target with something in it.</exception>
    /// <exception cref="IOException">The disk refused; the same call may be made again, into an empty target.</exception>
    public static IReadOnlyList<string> Run(string directory, string? target, TimeProvider time)
    {
        // Looked at before the lock as well, because the lock is a file.
        Progress(directory, time);
        using var held = DirectoryLock.Take(directory);
        var state = Progress(directory, time);
        if (target is null || Path.GetFullPath(target).TrimEnd('/') == Path.GetFullPath(directory).TrimEnd('/'))
            return Write(state, directory);
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
            throw new StateException($"{target} is not empty: name a new or an empty directory, so that nothing of somebody else's is overwritten.");
        return Write(state, target);
    }

    private static HandlerState Progress(string directory, TimeProvider time) =>
        StateReport.Read(directory, time) is { Sequence: > 0 } report
            ? report.State
            : throw new StateException($"This handler has made no progress in {directory} yet: what teleport-event-handler left there, if anything, still counts and needs no export.");

    /// <summary>Makes <paramref name="directory"/> upstream's state, and removes what was upstream's there and is not part of it any more.</summary>
    internal static IReadOnlyList<string> Write(HandlerState state, string directory)
    {
        Directory.CreateDirectory(directory, OwnerFolder);
        var said = new List<string>();
        if (state.StartTime is { } start)
        {
            WriteText(directory, UpstreamState.StartTime, Rfc3339.Format(start));
            said.Add($"start_time {Rfc3339.Format(start)}");
        }
        WritePosition(state, directory, said);
        WriteDays(state, directory, said);
        WriteRecordings(state, directory, said);
        DirectorySync.Flush(directory);
        if (Directory.EnumerateFiles(directory, CheckpointFile.Name + "*").Any())
            said.Add($"The checkpoint of this handler is still in {directory} and would be used again: remove {Path.Combine(directory, CheckpointFile.Name)}* before coming back, and the position that teleport-event-handler reached by then is taken over.");
        return said;
    }

    private static void WritePosition(HandlerState state, string directory, List<string> said)
    {
        var position = new UpstreamPosition("", "", null);
        if (state.Mode != SourceMode.Bulk && state.TakenOver is { } taken)
        {
            position = taken;
            said.Add($"cursor, id and window_time as they were taken over (event {taken.Id})");
        }
        else if (state.Mode != SourceMode.Bulk && state.Paged.Floor is { } floor)
        {
            var from = Rfc3339.TruncateToSeconds(new DateTimeOffset(floor));
            if (state.StartTime is { } start && start > from)
                from = start.ToUniversalTime();
            position = position with { WindowTime = from };
            said.Add($"window_time {Rfc3339.Format(from)}; the events since then are sent again. A teleport-event-handler older than 17 does not know window_time and sends everything since start_time again.");
        }
        WriteText(directory, UpstreamState.Cursor, position.Cursor);
        WriteText(directory, UpstreamState.Id, position.Id);
        WriteText(directory, UpstreamState.WindowTime, position.WindowTime is { } window ? Rfc3339.Format(window) : "");
    }

    private static void WriteDays(HandlerState state, string directory, List<string> said)
    {
        var folder = Path.Combine(directory, UpstreamBulkState.Folder);
        var days = new SortedDictionary<DateOnly, DayProgress>(state.Days);
        // That a day's folder is there says how far it got, even with nothing in it.
        if (days.Count == 0 && state is { Mode: SourceMode.Bulk, ClosedThrough: { } closed })
            days[closed.AddDays(1)] = new DayProgress();

        if (Directory.Exists(folder))
            Directory.Delete(folder, recursive: true);
        foreach (var (day, progress) in days)
        {
            var dayFolder = Path.Combine(folder, day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
            Directory.CreateDirectory(dayFolder, OwnerFolder);
            var completed = progress.Completed.Where(UpstreamBulkState.IsChunk).Order(StringComparer.Ordinal).ToList();
            WriteText(dayFolder, UpstreamBulkState.Completed, string.Concat(completed.Select(chunk => chunk + "\n")));
            foreach (var (chunk, cursor) in progress.Cursors)
            {
                if (UpstreamBulkState.IsChunk(chunk))
                    WriteText(dayFolder, chunk + UpstreamBulkState.ChunkSuffix, cursor);
            }
            DirectorySync.Flush(dayFolder);
            said.Add(string.Create(CultureInfo.InvariantCulture, $"{UpstreamBulkState.Folder}/{day:yyyy-MM-dd} with {completed.Count} chunks done, {progress.Cursors.Count} under way"));
        }
        if (days.Count > 0)
            DirectorySync.Flush(folder);
    }

    private static void WriteRecordings(HandlerState state, string directory, List<string> said)
    {
        foreach (var prefix in new[] { UpstreamState.SessionPrefix, UpstreamState.MissingPrefix })
        {
            foreach (var file in Directory.EnumerateFiles(directory, prefix + "*").ToList())
            {
                var upstreams = prefix != UpstreamState.SessionPrefix || new FileInfo(file).Length <= LongestSession;
                if (upstreams && UpstreamState.IsSessionId(Path.GetFileName(file)[prefix.Length..]))
                    File.Delete(file);
            }
        }
        var recordings = state.Sessions.Select(session => (session.Key, session.Value.NextIndex))
            .Concat(state.Missing.Select(missing => (missing.Key, missing.Value.NextIndex)))
            .ToList();
        var index = new byte[8];
        foreach (var (id, next) in recordings)
        {
            if (!UpstreamState.IsSessionId(id))
            {
                said.Add($"The recording \"{id}\" can not be written: its id is no file name. Export it by hand.");
                continue;
            }
            BinaryPrimitives.WriteInt64BigEndian(index, next);
            WriteFile(directory, UpstreamState.SessionPrefix + id, index);
        }
        if (recordings.Count > 0)
            said.Add($"{recordings.Count} recordings to stream, {state.Missing.Count} of them missing so far");
    }

    private static void WriteText(string directory, string name, string text) => WriteFile(directory, name, Encoding.UTF8.GetBytes(text));

    private static void WriteFile(string directory, string name, byte[] content)
    {
        var beside = Path.Combine(directory, Beside);
        // One that a crash left may be open to others.
        File.Delete(beside);
        using (var file = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerFile }))
        {
            file.Write(content);
            file.Flush(flushToDisk: true);
        }
        File.Move(beside, Path.Combine(directory, name), overwrite: true);
    }
}
