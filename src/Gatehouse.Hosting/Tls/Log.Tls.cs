using Microsoft.Extensions.Logging;

namespace Gatehouse.Hosting;

internal static partial class Log
{
    [LoggerMessage(2400, LogLevel.Information, "Reloaded TLS files: {Ca}, {Cert}")]
    public static partial void TlsFilesReloaded(ILogger logger, string? ca, string? cert);

    [LoggerMessage(2401, LogLevel.Warning, "Changed TLS files cannot be used, keeping the old ones: {Error}")]
    public static partial void TlsFilesNotReloaded(ILogger logger, string error);
}
