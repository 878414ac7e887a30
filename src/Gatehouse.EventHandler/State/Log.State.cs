using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

/// <summary>Messages of the state: 3500 to 3599.</summary>
internal static partial class Log
{
    [LoggerMessage(3500, LogLevel.Information, "Created storage directory")]
    public static partial void CreatedStorageDirectory(ILogger log, string dir);

    [LoggerMessage(3501, LogLevel.Information, "Using existing storage directory")]
    public static partial void UsingStorageDirectory(ILogger log, string dir);

    [LoggerMessage(3502, LogLevel.Warning, "Cut what a crash left at the end of the checkpoint; some events may be sent again")]
    public static partial void CheckpointTailCut(ILogger log, string file, long bytes, ulong sequence);

    [LoggerMessage(3503, LogLevel.Warning, "A checkpoint file can not be read; looking for an older one")]
    public static partial void CheckpointUnreadable(ILogger log, string file, long bytes);

    [LoggerMessage(3504, LogLevel.Warning, "Going on from the checkpoint file before; some events may be sent again")]
    public static partial void CheckpointFellBack(ILogger log, string file, ulong sequence);

    [LoggerMessage(3505, LogLevel.Debug, "Began a new checkpoint file")]
    public static partial void CheckpointCompacted(ILogger log, long before, long after);

    [LoggerMessage(3506, LogLevel.Warning, "Could not begin a new checkpoint file; the old one grows on")]
    public static partial void CheckpointNotCompacted(ILogger log, string dir, Exception exception);

    [LoggerMessage(3510, LogLevel.Information, "Taking over the position of teleport-event-handler")]
    public static partial void UpstreamTakenOver(
        ILogger log, string dir, DateTimeOffset? startTime, string? id, string? cursor, DateTimeOffset? windowTime, int days, int sessions, int missing);

    [LoggerMessage(3511, LogLevel.Warning, "A file of teleport-event-handler's state is not what it should be")]
    public static partial void UpstreamFileOdd(ILogger log, string file, string reason, string consequence);
}
