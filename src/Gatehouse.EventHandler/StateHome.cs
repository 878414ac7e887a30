using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.State;
using Microsoft.Extensions.Logging;

namespace Gatehouse.EventHandler;

/// <summary>What one export keeps on disk: the checkpoint and the dead letters, below <c>&lt;storage&gt;/&lt;host&gt;_&lt;port&gt;</c>.</summary>
internal sealed class StateHome : IAsyncDisposable
{
    private readonly string? _throwAway;

    private StateHome(Checkpoint checkpoint, DeadLetterFile deadLetters, RecordingsAgainFile recordingsAgain, StartTimeDecision.Use start, string? throwAway)
    {
        Checkpoint = checkpoint;
        DeadLetters = deadLetters;
        RecordingsAgain = recordingsAgain;
        StartTime = start.StartTime;
        Beginning = start.First ? [new StateChange.Started(start.StartTime)] : [];
        _throwAway = throwAway;
    }

    public Checkpoint Checkpoint { get; }

    public DeadLetterFile DeadLetters { get; }

    public RecordingsAgainFile RecordingsAgain { get; }

    /// <summary>Oldest event time wanted.</summary>
    public DateTimeOffset StartTime { get; }

    /// <summary>What becomes durable once the cluster was reached for the first time; empty later.</summary>
    public IReadOnlyList<StateChange> Beginning { get; }

    /// <param name="files">Opens the state directory; null for the disk.</param>
    /// <exception cref="StateException">The directory cannot be used, or the start time was changed.</exception>
    public static async Task<StateHome> OpenAsync(ExportPlan plan, ILoggerFactory logs, TimeProvider time, Func<string, IStateFiles>? files = null)
    {
        var log = logs.CreateLogger("Gatehouse.EventHandler");
        var directory = StateDirectory.PathFor(plan.Storage, plan.Teleport.Addr);
        var throwAway = plan.DryRun ? Path.Combine(directory, "dry_run", Guid.NewGuid().ToString("N")) : null;
        var checkpoint = Checkpoint.Open(throwAway ?? directory, files ?? (path => new DiskFiles(path)), time, log);
        try
        {
            var start = StartTimeRule.Decide(checkpoint.State, plan.StartTime, time.GetUtcNow(), plan.Storage, plan.StartAfterId) switch
            {
                StartTimeDecision.Use use => use,
                StartTimeDecision.Refuse refuse => throw new StateException(refuse.Message),
                var unknown => throw new InvalidOperationException($"a decision nobody knows: {unknown}"),
            };
            var deadLetters = DeadLetterFile.Open(throwAway ?? directory, time);
            return new StateHome(checkpoint, deadLetters, new RecordingsAgainFile(throwAway ?? directory, time), start, throwAway);
        }
        catch (Exception e)
        {
            await checkpoint.DisposeAsync().ConfigureAwait(false);
            if (e is IOException or UnauthorizedAccessException)
                throw new StateException($"Can not use the dead letters in {throwAway ?? directory}: {e.Message}", e);
            throw;
        }
    }

    /// <summary>Why this plan could not go on in the state directory it shares with the running one; null when it could.</summary>
    public string? RefusalOf(ExportPlan plan, TimeProvider time) =>
        StartTimeRule.Decide(Checkpoint.State, plan.StartTime, time.GetUtcNow(), plan.Storage, plan.StartAfterId) is StartTimeDecision.Refuse refuse ? refuse.Message : null;

    public async ValueTask DisposeAsync()
    {
        await Checkpoint.DisposeAsync().ConfigureAwait(false);
        DeadLetters.Dispose();
        if (_throwAway is not null)
            Directory.Delete(_throwAway, recursive: true);
    }
}
