using Microsoft.Extensions.Logging;

namespace Gatehouse.Api.Grpc;

internal static partial class Log
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Error, Message = "{Method} failed unexpectedly; the caller got an internal error")]
    public static partial void HandlerFailed(ILogger logger, Exception exception, string method);
}
