using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

internal static partial class Log
{
    [LoggerMessage(3401, LogLevel.Information, "Starting session ingest")]
    public static partial void StartingSession(ILogger log, string id, long index);

    [LoggerMessage(3402, LogLevel.Information, "Restarting session ingestion")]
    public static partial void RestartingSession(ILogger log, string id, long index);

    [LoggerMessage(3403, LogLevel.Information, "Finished session events ingest")]
    public static partial void FinishedSession(ILogger log, string id);

    [LoggerMessage(3404, LogLevel.Warning, "Session ingestion error, retrying")]
    public static partial void SessionRetry(ILogger log, string id, long index, string error);

    [LoggerMessage(3405, LogLevel.Warning, "Recording is missing, it will be tried again")]
    public static partial void RecordingMissing(ILogger log, string id, string error, int attempts, DateTime nextTry);

    [LoggerMessage(3406, LogLevel.Error, "Session ingestion failed, recording written to the dead letters")]
    public static partial void RecordingGivenUp(ILogger log, string id, string error, string file);

    [LoggerMessage(3408, LogLevel.Warning, "Backpressure in session processing, consider increasing concurrency if this issue persists")]
    public static partial void SessionBackpressure(ILogger log, int concurrency);
}
