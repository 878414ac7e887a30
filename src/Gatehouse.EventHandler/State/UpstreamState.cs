using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.State;

/// <summary>
/// Reads what <c>teleport-event-handler</c> of any version left in its state directory (spec 6) and leaves it untouched.
/// </summary>
/// <remarks>
/// Where a file is not what it should be, the reading is chosen that may send something again, never the one that may skip something:
/// a damaged session or missing-recording file still says which recording it was, and that is streamed from its beginning. Only a
/// <c>start_time</c> that is neither empty nor a time stops the start, as upstream does; white space around it is forgiven.
/// </remarks>
internal static class UpstreamState
{
    public const string StartTime = "start_time";
    public const string WindowTime = "window_time";
    public const string Cursor = "cursor";
    public const string Id = "id";
    public const string SessionPrefix = "session";
    public const string MissingPrefix = "missing_recording";

    /// <summary>Ids and page keys are short texts; anything longer is not one.</summary>
    private const int MaxTextBytes = 64 * 1024;

    private const int MaxSessionIdLength = 200;

    /// <exception cref="StateException"><c>start_time</c> is garbage.</exception>
    public static HandlerState Read(string directory, DateTime now, ILogger log)
    {
        var state = new HandlerState();
        if (!Directory.Exists(directory))
            return state;

        state.StartTime = ReadStartTime(directory, log);
        ReadSessions(directory, state, log);
        ReadMissing(directory, state, now, log);
        UpstreamBulkState.Read(directory, state, log);
        if (state.Mode != SourceMode.Bulk)
            state.TakenOver = ReadPosition(directory, log);

        if (state.StartTime is not null || state.TakenOver is not null || state.Days.Count + state.Sessions.Count + state.Missing.Count > 0)
        {
            Log.UpstreamTakenOver(
                log, directory, state.StartTime, state.TakenOver?.Id, state.TakenOver?.Cursor, state.TakenOver?.WindowTime,
                state.Days.Count, state.Sessions.Count, state.Missing.Count);
        }
        return state;
    }

    /// <summary>Whether a text can be a session id: what Teleport makes, and nothing that is a path.</summary>
    public static bool IsSessionId(string id) =>
        id.Length is > 0 and <= MaxSessionIdLength
        && id.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.')
        && id[0] != '.';

    private static DateTimeOffset? ReadStartTime(string directory, ILogger log)
    {
        var text = ReadText(directory, StartTime, log);
        if (text.Length == 0)
            return null;
        return Rfc3339.TryParse(text, out var time)
            ? Rfc3339.TruncateToSeconds(time)
            : throw new StateException(
                $"parsing time \"{Shorten(text)}\" in {Path.Combine(directory, StartTime)}: not an RFC 3339 time such as 2024-01-31T00:00:00Z. Write the right time into that file, or remove it and give --start-time.");
    }

    private static UpstreamPosition? ReadPosition(string directory, ILogger log)
    {
        var (cursor, id) = (ReadText(directory, Cursor, log), ReadText(directory, Id, log));
        DateTimeOffset? window = null;
        if (ReadText(directory, WindowTime, log) is { Length: > 0 } text)
        {
            if (Rfc3339.TryParse(text, out var time))
                window = time;
            else
                Log.UpstreamFileOdd(log, WindowTime, $"\"{Shorten(text)}\" is not a time", "reading from the start time");
        }
        return cursor.Length == 0 && id.Length == 0 && window is null ? null : new UpstreamPosition(cursor, id, window);
    }

    private static void ReadSessions(string directory, HandlerState state, ILogger log)
    {
        // Oldest first: the order in which the recordings were queued.
        foreach (var file in Files(directory, SessionPrefix).OrderBy(f => f.LastWriteTimeUtc).ThenBy(f => f.Name, StringComparer.Ordinal))
        {
            var id = file.Name[SessionPrefix.Length..];
            // A file named exactly "session" stems from an upload event without a session id: nothing to stream.
            if (id.Length == 0)
                continue;
            if (!IsSessionId(id))
            {
                Log.UpstreamFileOdd(log, file.Name, "its name holds no session id", "left alone");
                continue;
            }
            state.Sessions[id] = new SessionProgress(ReadIndex(file, log), DateTime.MinValue);
        }
    }

    /// <summary>The stored index is that of the last event sent; the stream begins there again, as upstream's does.</summary>
    private static long ReadIndex(FileInfo file, ILogger log)
    {
        var bytes = ReadBytes(file, 8, log);
        if (bytes is [])
            return 0;
        if (bytes is { Length: 8 } && BinaryPrimitives.ReadInt64BigEndian(bytes) is >= 0 and var index)
            return index;
        Log.UpstreamFileOdd(log, file.Name, "it is not an index of 8 bytes", "the recording is sent from its beginning");
        return 0;
    }

    private static void ReadMissing(string directory, HandlerState state, DateTime now, ILogger log)
    {
        foreach (var file in Files(directory, MissingPrefix).OrderBy(f => f.Name, StringComparer.Ordinal))
        {
            var id = file.Name[MissingPrefix.Length..];
            if (!IsSessionId(id))
            {
                Log.UpstreamFileOdd(log, file.Name, "its name holds no session id", "left alone");
                continue;
            }
            // Upstream forgets to remove the one file when it has the other (spec 5.6).
            if (!state.Sessions.ContainsKey(id))
                state.Missing[id] = ParseMissing(file, now, log);
        }
    }

    private static MissingSession ParseMissing(FileInfo file, DateTime now, ILogger log)
    {
        var (index, attempts, uploaded) = (0L, 0, DateTime.MinValue);
        try
        {
            using var document = JsonDocument.Parse(ReadBytes(file, MaxTextBytes, log) ?? []);
            foreach (var field in document.RootElement.EnumerateObject())
            {
                // Go matches names without regard to case.
                if (field.Name.Equals("Index", StringComparison.OrdinalIgnoreCase))
                    index = Math.Max(0, field.Value.GetInt64());
                else if (field.Name.Equals("Attempt", StringComparison.OrdinalIgnoreCase))
                    attempts = Math.Max(0, field.Value.GetInt32());
                else if (field.Name.Equals("Timestamp", StringComparison.OrdinalIgnoreCase) && Rfc3339.TryParse(field.Value.GetString() ?? "", out var time))
                    uploaded = time.UtcDateTime;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            Log.UpstreamFileOdd(log, file.Name, e.Message, "the recording is tried again from its beginning");
            (index, attempts, uploaded) = (0, 0, DateTime.MinValue);
        }
        return new MissingSession(index, attempts, uploaded, now);
    }

    private static IEnumerable<FileInfo> Files(string directory, string prefix) =>
        new DirectoryInfo(directory).EnumerateFiles(prefix + "*").Where(file => file.Name.StartsWith(prefix, StringComparison.Ordinal));

    /// <summary>The text of a flat file; empty when it is absent, empty or unusable. Trailing line ends come from editing by hand, zeros from crashes.</summary>
    private static string ReadText(string directory, string name, ILogger log)
    {
        var bytes = ReadBytes(new FileInfo(Path.Combine(directory, name)), MaxTextBytes, log);
        if (bytes is null)
            return "";
        var text = Encoding.UTF8.GetString(bytes).Trim('\0', ' ', '\t', '\r', '\n');
        if (!text.Any(char.IsControl) && !text.Contains('\uFFFD'))
            return text;
        if (name == StartTime)
            return text;
        Log.UpstreamFileOdd(log, name, "it holds bytes that are no text", "taken as empty");
        return "";
    }

    /// <summary>Null when there is no such file or it is larger than anything that belongs there.</summary>
    internal static byte[]? ReadBytes(FileInfo file, int limit, ILogger log)
    {
        if (!file.Exists)
            return null;
        if (file.Length <= limit)
            return File.ReadAllBytes(file.FullName);
        Log.UpstreamFileOdd(log, file.Name, $"it has {file.Length} bytes", "not read");
        return null;
    }

    private static string Shorten(string text) => text.Length <= 60 ? text : text[..60] + "…";
}
