using System.Threading.Channels;
using Gatehouse.Api.AuditLog;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler.Sources;

/// <summary>
/// The cluster's audit log, read in the mode that the state directory is settled on or the cluster offers: bulk export once and
/// for ever where there is any, else searches.
/// </summary>
/// <param name="state">Read when the source starts to run; from then on the source keeps its own place. Several readers write batches at once.</param>
internal sealed class ClusterSource(
    AuditLogClient log, ExportPlan plan, HandlerState state, ClusterContact contact, UndecodableEvent undecodable, TimeProvider time,
    SourceMetrics metrics, ILogger<ClusterSource> logger) : IEventSource
{
    public async Task RunAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation)
    {
        // The start time becomes durable beside the first batch; it is read before there is any.
        var settled = plan with { StartTime = PositionFinder.StartTime(state, plan, time) };
        var mode = state.Mode;
        if (mode != SourceMode.Bulk)
        {
            var offered = await new ModeProbe(log, contact, time).AskAsync(cancellation);
            if (offered != mode)
                await batches.WriteAsync(new SourceBatch(new EventBatch(0), [new StateChange.ModeChosen(offered)]), cancellation);
            mode = offered;
        }
        Log.ModeChosen(logger, mode);

        var search = new PagedSearch(log, contact, logger);
        IEventSource source = mode == SourceMode.Bulk
            ? new BulkSource(log, search, settled, state, contact, undecodable, time, metrics, logger)
            : new PagedSource(search, settled, state, contact, undecodable, time, metrics, logger);
        await source.RunAsync(batches, cancellation);
    }
}
