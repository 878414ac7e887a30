using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Settings;

/// <summary>Messages about settings: 3000 to 3049. The words are upstream's where it has the setting (event-handler spec 3.3).</summary>
internal static partial class SettingsLog
{
    [LoggerMessage(3000, LogLevel.Information, "Using batch size")]
    public static partial void BatchSize(ILogger log, int batch);

    [LoggerMessage(3001, LogLevel.Information, "Using concurrency")]
    public static partial void Concurrency(ILogger log, int concurrency);

    [LoggerMessage(3002, LogLevel.Information, "Using type filter")]
    public static partial void Types(ILogger log, string types);

    [LoggerMessage(3003, LogLevel.Information, "Using type exclude filter")]
    public static partial void SkipEventTypes(ILogger log, string skipEventTypes);

    [LoggerMessage(3004, LogLevel.Information, "Skipping session events of type")]
    public static partial void SkipSessionTypes(ILogger log, string types);

    [LoggerMessage(3005, LogLevel.Information, "Using start time")]
    public static partial void StartTime(ILogger log, string value);

    [LoggerMessage(3006, LogLevel.Information, "Using timeout")]
    public static partial void Timeout(ILogger log, string timeout);

    [LoggerMessage(3007, LogLevel.Information, "Using window size")]
    public static partial void WindowSize(ILogger log, string windowSize);

    [LoggerMessage(3008, LogLevel.Information, "Using late window")]
    public static partial void LateWindow(ILogger log, string lateWindow);

    [LoggerMessage(3009, LogLevel.Information, "Using Fluentd url")]
    public static partial void FluentdUrl(ILogger log, string url);

    [LoggerMessage(3010, LogLevel.Information, "Using Fluentd session url")]
    public static partial void FluentdSessionUrl(ILogger log, string url);

    [LoggerMessage(3011, LogLevel.Information, "Using Fluentd ca")]
    public static partial void FluentdCa(ILogger log, string ca);

    [LoggerMessage(3012, LogLevel.Information, "Using Fluentd cert")]
    public static partial void FluentdCert(ILogger log, string cert);

    [LoggerMessage(3013, LogLevel.Information, "Using Fluentd key")]
    public static partial void FluentdKey(ILogger log, string key);

    [LoggerMessage(3014, LogLevel.Information, "Using Fluentd max connections")]
    public static partial void FluentdMaxConnections(ILogger log, int maxConnections);

    [LoggerMessage(3015, LogLevel.Information, "Using Fluentd batches")]
    public static partial void FluentdBatches(ILogger log, int batchSize, int batchBytes, string compression);

    [LoggerMessage(3016, LogLevel.Information, "Using Teleport identity file")]
    public static partial void TeleportIdentity(ILogger log, string file);

    [LoggerMessage(3017, LogLevel.Information, "Using Teleport identity file refresh")]
    public static partial void TeleportRefresh(ILogger log, string interval);

    [LoggerMessage(3018, LogLevel.Information, "Using Teleport addr")]
    public static partial void TeleportAddr(ILogger log, string addr);

    [LoggerMessage(3019, LogLevel.Information, "Using Teleport CA")]
    public static partial void TeleportCa(ILogger log, string ca);

    [LoggerMessage(3020, LogLevel.Information, "Using Teleport cert")]
    public static partial void TeleportCert(ILogger log, string cert);

    [LoggerMessage(3021, LogLevel.Information, "Using Teleport key")]
    public static partial void TeleportKey(ILogger log, string key);

    [LoggerMessage(3022, LogLevel.Information, "Using storage")]
    public static partial void Storage(ILogger log, string storage);

    [LoggerMessage(3023, LogLevel.Information, "Auto-locking enabled")]
    public static partial void AutoLocking(ILogger log, int count, string period, string lasts);

    [LoggerMessage(3040, LogLevel.Debug, "Setting")]
    public static partial void Origin(ILogger log, string name, string value, string from);

    [LoggerMessage(3041, LogLevel.Warning, "{text}")]
    public static partial void Warning(ILogger log, string text);

    [LoggerMessage(3042, LogLevel.Warning, "A changed setting takes effect with the next restart only")]
    public static partial void NeedsRestart(ILogger log, string setting, string inForce, string wanted);
}
