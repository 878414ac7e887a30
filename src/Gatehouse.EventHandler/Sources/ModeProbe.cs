using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.State;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Asks whether the cluster has bulk export: the chunks of a day to come are either none, or unimplemented (spec 4.1).</summary>
internal sealed class ModeProbe(AuditLogClient log, ClusterContact contact, TimeProvider time)
{
    /// <exception cref="SourceException">Access is denied.</exception>
    public async Task<SourceMode> AskAsync(CancellationToken cancellation)
    {
        // Two days ahead is a day that no clock's error has filled yet.
        var day = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).AddDays(2);
        try
        {
            await contact.AskAsync(
                async token =>
                {
                    var chunks = 0;
                    await foreach (var _ in log.ExportChunksAsync(day, token))
                        chunks++;
                    return chunks;
                },
                failure => failure.Status == GrpcStatus.Unimplemented, cancellation);
            return SourceMode.Bulk;
        }
        catch (GrpcException failure) when (failure.Status == GrpcStatus.Unimplemented)
        {
            return SourceMode.Paged;
        }
    }
}
