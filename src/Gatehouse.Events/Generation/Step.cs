namespace Gatehouse.Events.Generation;

/// <summary>One event to be written when its time comes.</summary>
internal readonly record struct Step(EventTemplate Template, Scene Scene, DateTime Time, ulong Seed);
