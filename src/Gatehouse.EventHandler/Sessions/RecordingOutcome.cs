using Gatehouse.Api.Grpc;

namespace Gatehouse.EventHandler.Sessions;

/// <summary>How an attempt to stream a recording ended. A closed list.</summary>
internal abstract record RecordingOutcome
{
    private RecordingOutcome() { }

    /// <summary>Every event is settled.</summary>
    public sealed record Finished : RecordingOutcome;

    /// <summary>It goes no further than this for now.</summary>
    public sealed record Missed(RecordingJob At, RecordingMiss Why, string Reason) : RecordingOutcome;

    /// <summary>Told to stop.</summary>
    public sealed record Stopped : RecordingOutcome;
}

/// <summary>Why a recording goes no further, and what that says about it.</summary>
/// <param name="Kind">Decides when it is tried again, and whether it can be given up.</param>
/// <param name="Status">What the cluster answered.</param>
internal readonly record struct RecordingMiss(MissKind Kind, GrpcStatus Status)
{
    /// <summary>The cluster gave it.</summary>
    public static readonly RecordingMiss ByReceiver = new(MissKind.NotTaken, GrpcStatus.Ok);

    public static RecordingMiss Of(GrpcStatus status) => new(
        status switch
        {
            // An internal error that stays when the stream is opened again and again is most likely this recording's own.
            GrpcStatus.NotFound or GrpcStatus.Internal => MissKind.NotThere,
            GrpcStatus.Unavailable or GrpcStatus.DeadlineExceeded or GrpcStatus.Cancelled or GrpcStatus.ResourceExhausted or GrpcStatus.Aborted => MissKind.ClusterAway,
            _ => MissKind.Refused,
        },
        status);
}

internal enum MissKind
{
    /// <summary>The recording is the reason: this counts as a try, and the last of them gives it up.</summary>
    NotThere,

    /// <summary>The cluster is away or busy, which says nothing about the recording.</summary>
    ClusterAway,

    /// <summary>
    /// The cluster does not let us have it (a right that the role lacks, a call it does not know) or says nothing that can be
    /// understood: not the recording's fault, and nothing that waiting mends. It is asked for again until somebody has mended it.
    /// </summary>
    Refused,

    /// <summary>
    /// The receiver refuses its next event and took nothing since, so it is not known which of the two is at fault. It makes room for
    /// other recordings, which may show that.
    /// </summary>
    NotTaken,
}
