using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting;

internal static partial class Log
{
    [LoggerMessage(2300, LogLevel.Information, "Diagnostics are served at /healthz, /readyz and /metrics")]
    public static partial void DiagnosticsListening(ILogger logger, string addr, int port);
}
