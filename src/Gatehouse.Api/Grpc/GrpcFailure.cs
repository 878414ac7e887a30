using System.Net.Sockets;

namespace Gatehouse.Api.Grpc;

/// <summary>Turns what the HTTP handler throws into a status. A cancelled token of the caller is none of its business.</summary>
internal static class GrpcFailure
{
    public static bool Recognizes(Exception failure) =>
        failure is HttpRequestException or IOException or SocketException or GrpcConnectException or ObjectDisposedException or OperationCanceledException;

    public static GrpcException From(Exception failure)
    {
        for (var cause = failure; cause is not null; cause = cause.InnerException)
        {
            if (cause is GrpcConnectException { InnerException: { } reason })
                return new GrpcException(GrpcStatus.Unavailable, reason.Message, reason);
            if (cause is HttpProtocolException reset)
                return new GrpcException(OfErrorCode(reset.ErrorCode), reset.Message, reset);
        }
        // The outer text of the handler ("An error occurred while sending the request.") says nothing when there is an inner one.
        var told = failure is HttpRequestException { InnerException: { } inner } ? inner : failure;
        var message = failure is OperationCanceledException ? "no connection within the time to connect" : "the connection was lost: " + Chain(told);
        return new GrpcException(GrpcStatus.Unavailable, message, told);
    }

    /// <summary>
    /// HTTP/2 error codes as the gRPC specification reads them on a reset stream. The handler reports a connection that ended by GOAWAY
    /// (mostly code 0), by an unanswered PING (1) or because the peer broke the protocol in the same way: the connection is gone, and the
    /// call can be tried on another. INADEQUATE_SECURITY (12) is read as unavailable too, other than the specification has it: it speaks of
    /// the way's TLS, mostly a proxy's, not of what the caller may do, and no caller should give up for good because of it.
    /// </summary>
    private static GrpcStatus OfErrorCode(long code) => code switch
    {
        0x2 => GrpcStatus.Internal, // INTERNAL_ERROR
        0x8 => GrpcStatus.Cancelled, // CANCEL
        0xB => GrpcStatus.ResourceExhausted, // ENHANCE_YOUR_CALM
        _ => GrpcStatus.Unavailable,
    };

    private static string Chain(Exception failure)
    {
        var text = failure.Message;
        for (var cause = failure.InnerException; cause is not null; cause = cause.InnerException)
        {
            if (!text.Contains(cause.Message, StringComparison.Ordinal))
                text += ": " + cause.Message;
        }
        return text;
    }
}
