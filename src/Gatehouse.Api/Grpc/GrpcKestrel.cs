using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Gatehouse.Api.Grpc;

/// <summary>Kestrel as gRPC clients expect a server to be (teleport-wire 6.3).</summary>
public static class GrpcKestrel
{
    public static void UseGrpcLimits(this KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        // Clients whose HTTP stack does not see the TLS below it say ":scheme http".
        options.AllowAlternateSchemes = true;

        var limits = options.Limits;
        // A slow sink may hold a stream still for minutes.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        // Real clients ping every 60 s; three missed ones and an idle connection goes.
        limits.KeepAliveTimeout = TimeSpan.FromSeconds(200);
        // A stream may be this far ahead of its client in memory.
        limits.MaxResponseBufferSize = 256 * 1024;

        // The real one's limit since it has one.
        limits.Http2.MaxStreamsPerConnection = 1000;
        limits.Http2.InitialStreamWindowSize = 1024 * 1024;
        limits.Http2.InitialConnectionWindowSize = 4 * 1024 * 1024;
        limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(60);
        limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(60);
    }
}
