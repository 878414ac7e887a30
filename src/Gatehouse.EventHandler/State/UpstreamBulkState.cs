using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.State;

/// <summary>The bulk half of upstream's state: <c>cursor_v2/&lt;day&gt;/</c> with <c>completed-chunks</c> and <c>&lt;chunk&gt;.chunk</c> (spec 6.3).</summary>
internal static class UpstreamBulkState
{
    public const string Folder = "cursor_v2";
    public const string Completed = "completed-chunks";
    public const string ChunkSuffix = ".chunk";

    /// <summary>A day has thousands of chunks of 36 bytes; this is a million.</summary>
    private const int MaxCompletedBytes = 64 * 1024 * 1024;

    private const int MaxCursorBytes = 64 * 1024;

    private const int MaxChunkLength = 200;

    public static void Read(string directory, HandlerState state, ILogger log)
    {
        var folder = new DirectoryInfo(Path.Combine(directory, Folder));
        if (!folder.Exists)
            return;
        foreach (var dayFolder in folder.EnumerateDirectories())
        {
            // Names that are no day are not upstream's either; it ignores them.
            if (DateOnly.TryParseExact(dayFolder.Name, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
                state.Days[day] = ReadDay(dayFolder, log);
        }
        if (state.Days.Count == 0)
            return;
        state.Mode = SourceMode.Bulk;
        // Upstream forgets a day only after it was idle and two newer ones had begun, so what lies before the oldest is done.
        var oldest = state.Days.Keys.First();
        if (oldest > DateOnly.MinValue)
            state.ClosedThrough = oldest.AddDays(-1);
    }

    /// <summary>Chunk ids become file names on the way back.</summary>
    public static bool IsChunk(string chunk) =>
        chunk.Length is > 0 and <= MaxChunkLength && chunk[0] != '.' && !chunk.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '/' or '\uFFFD');

    private static DayProgress ReadDay(DirectoryInfo folder, ILogger log)
    {
        var day = new DayProgress();
        var completed = UpstreamState.ReadBytes(new FileInfo(Path.Combine(folder.FullName, Completed)), MaxCompletedBytes, log) ?? [];
        foreach (var line in Encoding.UTF8.GetString(completed).Split('\n'))
        {
            var chunk = line.Trim('\0', ' ', '\t', '\r');
            if (chunk.Length == 0)
                continue;
            if (IsChunk(chunk))
                day.Completed.Add(chunk);
            else
                Log.UpstreamFileOdd(log, $"{folder.Name}/{Completed}", "a line is no chunk id", "line skipped");
        }
        foreach (var file in folder.EnumerateFiles("*" + ChunkSuffix))
        {
            var chunk = file.Name[..^ChunkSuffix.Length];
            if (!IsChunk(chunk) || day.Completed.Contains(chunk))
                continue;
            var cursor = Encoding.UTF8.GetString(UpstreamState.ReadBytes(file, MaxCursorBytes, log) ?? []).Trim().Trim('\0');
            if (cursor.Contains('\uFFFD') || cursor.Any(char.IsControl))
                Log.UpstreamFileOdd(log, $"{folder.Name}/{file.Name}", "it holds bytes that are no text", "the chunk is sent from its beginning");
            else if (cursor.Length > 0)
                day.Cursors[chunk] = cursor;
        }
        return day;
    }
}
