using Microsoft.Extensions.Logging;

namespace Gatehouse.Cluster;

internal static partial class Log
{
    [LoggerMessage(4001, LogLevel.Information, "Auth service of cluster {Cluster} is listening on {Address}")]
    public static partial void Listening(ILogger logger, string cluster, string address);

    [LoggerMessage(4002, LogLevel.Information, "Auth service has stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(4010, LogLevel.Error, "{Count} events of {Day} could not be logged")]
    public static partial void AppendFailed(ILogger logger, Exception error, DateOnly day, int count);

    [LoggerMessage(4011, LogLevel.Warning, "The audit log could not seal or take over a segment; it will try again")]
    public static partial void MaintenanceFailed(ILogger logger, Exception error);

    [LoggerMessage(4012, LogLevel.Error, "Line {Line} of {File} cannot be served: {Problem}. It stays in the file")]
    public static partial void LineUnreadable(ILogger logger, string file, long line, string problem);

    [LoggerMessage(4013, LogLevel.Debug, "Sealed segment {Name} of {Day} with {Count} events")]
    public static partial void SegmentSealed(ILogger logger, DateOnly day, string name, int count);

    [LoggerMessage(4014, LogLevel.Debug, "Took over segment {Name} of {Day}")]
    public static partial void SegmentTakenOver(ILogger logger, DateOnly day, string name);

    [LoggerMessage(4015, LogLevel.Error, "Segment {Name} in {Folder} cannot be taken over: {Problem} It stays there and is tried again; it must belong to the user the auth service runs as")]
    public static partial void IncomingUnreadable(ILogger logger, string name, string folder, string problem);

    [LoggerMessage(4020, LogLevel.Information, "Refused {User} from {Address}: {Reason}")]
    public static partial void LoginRefused(ILogger logger, string user, string address, string reason);

    [LoggerMessage(4021, LogLevel.Error, "An audit event of type {Type} was lost")]
    public static partial void OwnEventLost(ILogger logger, Exception error, string type);

    [LoggerMessage(4022, LogLevel.Warning, "{Problem}. Users and roles stay as they were")]
    public static partial void RegistryUnreadable(ILogger logger, string problem);
}
