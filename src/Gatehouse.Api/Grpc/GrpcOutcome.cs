using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Gatehouse.Api.Grpc;

/// <summary>How the peer says a call ended.</summary>
internal readonly record struct GrpcOutcome(GrpcStatus Status, string Message)
{
    /// <summary>What the response headers alone decide: a trailers-only answer, or no gRPC answer at all. Null when messages or trailers are to follow.</summary>
    public static GrpcOutcome? OfHeaders(HttpResponseMessage response)
    {
        if (TryRead(response.Headers, out var outcome))
            return outcome;
        var type = response.Content.Headers.TryGetValues("content-type", out var types) ? types.First() : null;
        if (response.StatusCode != HttpStatusCode.OK)
            return new GrpcOutcome(OfHttp(response.StatusCode), NotGrpc(response, type));
        return GrpcWire.IsGrpc(type) ? null : new GrpcOutcome(GrpcStatus.Unknown, NotGrpc(response, type));
    }

    /// <summary>The status at the end of a stream.</summary>
    public static GrpcOutcome OfTrailers(HttpResponseMessage response) =>
        TryRead(response.TrailingHeaders, out var outcome) || TryRead(response.Headers, out outcome)
            ? outcome
            : new GrpcOutcome(GrpcStatus.Unknown, "the answer ended without a status (no grpc-status trailer)");

    public GrpcException ToException() => new(Status, Message);

    private static bool TryRead(HttpHeaders headers, out GrpcOutcome outcome)
    {
        outcome = default;
        if (!headers.TryGetValues("grpc-status", out var values))
            return false;
        var text = values.First();
        var message = headers.TryGetValues("grpc-message", out var messages) ? GrpcWire.DecodeMessage(messages.First()) : "";
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number > (int)GrpcStatus.Unauthenticated)
            outcome = new GrpcOutcome(GrpcStatus.Unknown, message.Length > 0 ? message : $"the answer has the unknown status {text}");
        else
            outcome = new GrpcOutcome((GrpcStatus)number, message.Length > 0 || number == 0 ? message : $"the call ended with status {(GrpcStatus)number}");
        return true;
    }

    private static string NotGrpc(HttpResponseMessage response, string? type) =>
        $"HTTP {(int)response.StatusCode}{(response.ReasonPhrase is { Length: > 0 } reason ? " " + reason : "")} ({type ?? "no content type"}) instead of a gRPC answer";

    /// <summary>The table of the gRPC specification for answers of proxies and other servers in between.</summary>
    private static GrpcStatus OfHttp(HttpStatusCode code) => code switch
    {
        HttpStatusCode.BadRequest => GrpcStatus.Internal,
        HttpStatusCode.Unauthorized => GrpcStatus.Unauthenticated,
        HttpStatusCode.Forbidden => GrpcStatus.PermissionDenied,
        HttpStatusCode.NotFound => GrpcStatus.Unimplemented,
        HttpStatusCode.TooManyRequests or HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout => GrpcStatus.Unavailable,
        _ => GrpcStatus.Unknown,
    };
}
