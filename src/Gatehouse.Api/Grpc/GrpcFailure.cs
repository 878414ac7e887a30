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
    /// The gRPC specification's table of HTTP/2 error codes for a reset stream. A connection closed by GOAWAY arrives the same way, mostly
    /// with code 0, and means: try again on another connection.
    /// </summary>
    private static GrpcStatus OfErrorCode(long code) => code switch
    {
        0x0 or 0x7 => GrpcStatus.Unavailable, // NO_ERROR, REFUSED_STREAM
        0x8 => GrpcStatus.Cancelled, // CANCEL
        0xB => GrpcStatus.ResourceExhausted, // ENHANCE_YOUR_CALM
        0xC => GrpcStatus.PermissionDenied, // INADEQUATE_SECURITY
        _ => GrpcStatus.Internal,
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
