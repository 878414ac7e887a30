using Gatehouse.EventHandler.State;
using Gatehouse.Events;

namespace Gatehouse.EventHandler.Sources;

/// <summary>What a source hands to the pipeline: events to deliver (perhaps none, when a filter took all), and the progress they stand for.</summary>
/// <param name="Events">Owned by the pipeline from here on.</param>
/// <param name="Changes">Becomes true when every event of this batch, and every batch handed over before it, is settled.</param>
/// <param name="Filtered">Events that the filters took out of this batch, by type; null when there are none.</param>
public sealed record SourceBatch(EventBatch Events, IReadOnlyList<StateChange> Changes, TypeTally? Filtered = null);
