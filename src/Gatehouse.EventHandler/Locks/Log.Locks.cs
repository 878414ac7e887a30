using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

internal static partial class Log
{
    [LoggerMessage(3601, LogLevel.Information, "User login is locked")]
    public static partial void UserLocked(ILogger log, string user, string login);

    [LoggerMessage(3602, LogLevel.Warning, "User login could not be locked")]
    public static partial void LockNotMade(ILogger log, string user, string error);
}
