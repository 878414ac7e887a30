using Microsoft.Extensions.Logging;

namespace Gatehouse.Cli.Up;

/// <summary>Log messages of <c>gatehouse up</c>.</summary>
internal static partial class UpLog
{
    [LoggerMessage(5100, LogLevel.Error, "Can not write received events")]
    public static partial void NotWritten(ILogger logger, string path, string error);
}
