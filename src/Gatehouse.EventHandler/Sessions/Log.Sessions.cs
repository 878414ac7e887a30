using Gatehouse.Api.Grpc;
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

    [LoggerMessage(3407, LogLevel.Warning, "The cluster refuses the recording, it will be asked for every hour until it gives it; look at the role's rule for session: read")]
    public static partial void RecordingDenied(ILogger log, string id, GrpcStatus status, string error, DateTime nextTry);

    [LoggerMessage(3408, LogLevel.Warning, "Backpressure in session processing, consider increasing concurrency if this issue persists")]
    public static partial void SessionBackpressure(ILogger log, int concurrency);

    [LoggerMessage(3409, LogLevel.Information, "Recording is taken back from the dead letters")]
    public static partial void RecordingTakenBack(ILogger log, string id, long index);

    [LoggerMessage(3410, LogLevel.Warning, "Recordings that dead-letters replay handed back can not be read, tried again in a minute")]
    public static partial void TakingBackFails(ILogger log, string file, string error);

    [LoggerMessage(3411, LogLevel.Warning, "The receiver refuses the recording's next event and took nothing since; others go first, then it is tried again")]
    public static partial void RecordingNotTaken(ILogger log, string id, long index, string error, DateTime nextTry);
}
