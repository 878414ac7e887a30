using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

internal static partial class Log
{
    [LoggerMessage(3100, LogLevel.Information, "Reading the audit log, mode: {Mode}")]
    public static partial void ModeChosen(ILogger logger, SourceMode mode);

    [LoggerMessage(3101, LogLevel.Warning, "Failed to connect to Teleport Auth server. Reconnecting... {Reason}")]
    public static partial void Reconnecting(ILogger logger, string reason);

    [LoggerMessage(3102, LogLevel.Warning, "Teleport Auth server did not answer as hoped. Asking again until it does. {Status}: {Reason}")]
    public static partial void AskingAgain(ILogger logger, GrpcStatus status, string reason);

    [LoggerMessage(3103, LogLevel.Information, "Teleport Auth server answers again after {Seconds:F0} s")]
    public static partial void ConnectedAgain(ILogger logger, double seconds);

    [LoggerMessage(3104, LogLevel.Information, "All events are processed, exiting...")]
    public static partial void AllProcessed(ILogger logger);

    [LoggerMessage(3105, LogLevel.Debug, "No new events found for the range {From:O} to {To:O}")]
    public static partial void NoNewEvents(ILogger logger, DateTime from, DateTime to);

    [LoggerMessage(3106, LogLevel.Error, "An event in {Place} cannot be decoded and goes to the dead letters: {Reason}")]
    public static partial void Undecodable(ILogger logger, string place, string reason);

    [LoggerMessage(3110, LogLevel.Warning, "The page key gave no more events, but a search from {From:O} by time gave {Unseen} new ones. Going on by time.")]
    public static partial void PageKeyLost(ILogger logger, DateTime from, int unseen);

    [LoggerMessage(3111, LogLevel.Warning, "The server refused its own page key. Going on by time. {Reason}")]
    public static partial void PageKeyRefused(ILogger logger, string reason);

    [LoggerMessage(3112, LogLevel.Error, "The server gives the same page keys again and again. Events between {Newest:O} and {End:O} may be missing.")]
    public static partial void PageKeyRepeats(ILogger logger, DateTime newest, DateTime end);

    [LoggerMessage(3113, LogLevel.Warning, "The server refuses pages of {Asked} events and takes {Largest}. Going on with that; please lower batch.")]
    public static partial void LimitLowered(ILogger logger, int asked, int largest);

    [LoggerMessage(3114, LogLevel.Information, "{Count} events appeared late, behind newer ones")]
    public static partial void LateEvents(ILogger logger, int count);

    [LoggerMessage(3115, LogLevel.Warning, "Too many events in the late window: {Count} were forgotten early, and late ones before {Floor:O} are not looked for")]
    public static partial void ForgottenEarly(ILogger logger, int count, DateTime floor);

    [LoggerMessage(3116, LogLevel.Information, "Looking for the last delivered event from {From:O} on")]
    public static partial void LookingForPosition(ILogger logger, DateTime from);

    [LoggerMessage(3117, LogLevel.Information, "Going on after event {Id} of {Time:O}")]
    public static partial void PositionFound(ILogger logger, string id, DateTime time);

    [LoggerMessage(3118, LogLevel.Warning, "Event {Id} is not in the audit log. Delivering from {From:O} on; some events may come twice.")]
    public static partial void PositionNotFound(ILogger logger, string id, DateTime from);

    [LoggerMessage(3119, LogLevel.Warning, "A search from {From:O} to {To:O} took too long. Going on in shorter windows; please lower window-size.")]
    public static partial void SearchTooSlow(ILogger logger, DateTime from, DateTime to);

    [LoggerMessage(3120, LogLevel.Information, "started event export {Date:yyyy-MM-dd}")]
    public static partial void DayStarted(ILogger logger, DateOnly date);

    [LoggerMessage(3121, LogLevel.Information, "resumed event export {Date:yyyy-MM-dd}, {Completed} chunks complete, {Begun} begun")]
    public static partial void DayResumed(ILogger logger, DateOnly date, int completed, int begun);

    [LoggerMessage(3122, LogLevel.Information, "advanced to next event export target {Date:yyyy-MM-dd}")]
    public static partial void DayAdvanced(ILogger logger, DateOnly date);

    [LoggerMessage(3123, LogLevel.Information, "halted historical event export {Date:yyyy-MM-dd}")]
    public static partial void DayClosed(ILogger logger, DateOnly date);

    [LoggerMessage(3124, LogLevel.Information, "resuming processing of partially completed chunk {Chunk} of {Date:yyyy-MM-dd}")]
    public static partial void ChunkResumed(ILogger logger, DateOnly date, string chunk);

    [LoggerMessage(3125, LogLevel.Warning, "event chunk export failed {Chunk} of {Date:yyyy-MM-dd}, {Failures} failures so far, trying on. {Status}: {Reason}")]
    public static partial void ChunkFailed(ILogger logger, DateOnly date, string chunk, int failures, GrpcStatus status, string reason);

    [LoggerMessage(3126, LogLevel.Information, "Going on from {From:O}, the beginning of the window that teleport-event-handler was in")]
    public static partial void WindowTakenOver(ILogger logger, DateTime from);

    [LoggerMessage(3127, LogLevel.Error, "event chunk {Chunk} of {Date:yyyy-MM-dd} is listed by the cluster and not found. Ending without it; the next run asks for it again.")]
    public static partial void ChunkAbsent(ILogger logger, DateOnly date, string chunk);
}
