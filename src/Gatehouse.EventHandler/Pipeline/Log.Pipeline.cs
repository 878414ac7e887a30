using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

/// <summary>The handler's log lines. Words that upstream's users grep for are kept (event-handler spec 3.3).</summary>
internal static partial class Log
{
    [LoggerMessage(3201, LogLevel.Debug, "Event sent")]
    public static partial void EventSent(ILogger log, string id, string type, DateTime ts, long index, string sid);

    [LoggerMessage(3202, LogLevel.Debug, "Error sending event to fluentd: {reason}")]
    public static partial void ErrorSendingEvent(ILogger log, string reason, int attempt);

    [LoggerMessage(3203, LogLevel.Warning, "Failed to send event to fluentd, trying on: {reason}")]
    public static partial void DeliveryFails(ILogger log, string reason, int attempts, TimeSpan nextTryIn);

    [LoggerMessage(3204, LogLevel.Information, "Fluentd takes events again")]
    public static partial void DeliveryRecovered(ILogger log, int attempts);

    [LoggerMessage(3205, LogLevel.Error, "Event refused for good, written to the dead letters")]
    public static partial void EventRefused(ILogger log, string id, string type, string reason, string file);

    [LoggerMessage(3206, LogLevel.Error, "Cannot write to the dead letters, holding the event")]
    public static partial void DeadLetterFailed(ILogger log, string file, string error);

    [LoggerMessage(3219, LogLevel.Error, "Event cannot be decoded, written to the dead letters")]
    public static partial void UndecodableEvent(ILogger log, string sid, string error, string file);

    [LoggerMessage(3207, LogLevel.Error, "Cannot write the checkpoint, holding back until the disk takes it")]
    public static partial void CheckpointFailed(ILogger log, string error, TimeSpan nextTryIn);

    [LoggerMessage(3208, LogLevel.Information, "Checkpoint is written again")]
    public static partial void CheckpointRecovered(ILogger log);

    [LoggerMessage(3209, LogLevel.Warning, "session.upload names no session, nothing to stream")]
    public static partial void UploadWithoutSession(ILogger log, string id);

    [LoggerMessage(3210, LogLevel.Information, "Event processing")]
    public static partial void EventProcessing(ILogger log, long eventsPerMinute, long sessionsPerMinute);

    [LoggerMessage(3212, LogLevel.Information, "Attempting graceful shutdown...")]
    public static partial void GracefulShutdown(ILogger log);

    [LoggerMessage(3213, LogLevel.Warning, "Graceful shutdown failed. Trying fast shutdown...")]
    public static partial void FastShutdown(ILogger log);

    [LoggerMessage(3214, LogLevel.Information, "Successfully shut down")]
    public static partial void ShutDown(ILogger log);

    [LoggerMessage(3215, LogLevel.Critical, "Terminating with fatal error...")]
    public static partial void Fatal(ILogger log, string error);

    [LoggerMessage(3216, LogLevel.Information, "Configuration and credentials reloaded")]
    public static partial void Reloaded(ILogger log);

    [LoggerMessage(3217, LogLevel.Error, "Configuration not reloaded, the old one stays in force")]
    public static partial void NotReloaded(ILogger log, string problem);

    [LoggerMessage(3218, LogLevel.Warning, "Dry run! Events are not sent to Fluentd. Separate storage is used.")]
    public static partial void DryRun(ILogger log);

    [LoggerMessage(3220, LogLevel.Information, "Credential towards the cluster renewed")]
    public static partial void CredentialRenewed(ILogger log, string files, DateTimeOffset expires);

    [LoggerMessage(3221, LogLevel.Warning, "Credential towards the cluster needs care, the one at hand stays in force")]
    public static partial void CredentialTrouble(ILogger log, string files, string problem, DateTimeOffset expires);

    [LoggerMessage(3222, LogLevel.Critical, "Terminating with fatal error...")]
    public static partial void Crashed(ILogger log, Exception error);

    [LoggerMessage(3223, LogLevel.Information, "Reloading configuration and credentials")]
    public static partial void Reloading(ILogger log);

    [LoggerMessage(3224, LogLevel.Warning, "The receiver refuses events and takes no others, holding them until it does: {reason}")]
    public static partial void RefusedEventsHeld(ILogger log, string reason, int held);
}
