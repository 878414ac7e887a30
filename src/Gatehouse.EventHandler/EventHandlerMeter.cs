using System.Diagnostics.Metrics;

namespace Gatehouse.EventHandler;

/// <summary>The meter under which everything of the event handler is counted. Instruments: docs/reference/metrics.md.</summary>
public static class EventHandlerMeter
{
    /// <summary>What a listener asks for.</summary>
    public const string Name = "Gatehouse.EventHandler";

    /// <summary>A meter of this name; its owner disposes it.</summary>
    internal static Meter Create() => new(Name);
}
