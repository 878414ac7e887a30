using System.Threading.Channels;

namespace Gatehouse.EventHandler.Sources;

/// <summary>Reads the cluster's audit log from the checkpoint on, for ever, or until it has caught up.</summary>
public interface IEventSource
{
    /// <summary>
    /// Writes batches into the channel, which is bounded and so holds the source back. Waits out whatever is temporary (a cluster
    /// that restarts or is away) with backoff and a word in the log.
    /// </summary>
    /// <returns>When caught up, if the plan says to exit then; otherwise only by cancellation.</returns>
    /// <exception cref="SourceException">It makes no sense to go on (access denied, an incompatible cluster).</exception>
    Task RunAsync(ChannelWriter<SourceBatch> batches, CancellationToken cancellation);
}

/// <summary>The cluster refuses for good; the message is for the user.</summary>
public sealed class SourceException(string message, Exception? inner = null) : Exception(message, inner);
