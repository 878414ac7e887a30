namespace Gatehouse.Events;

/// <summary>Bounds on what is accepted from outside.</summary>
public static class EventLimits
{
    /// <summary>
    /// Objects and arrays inside one another, the document itself included. Real events stay below ten; the walk is recursive,
    /// so the bound is what keeps a hostile document from ending the process.
    /// </summary>
    public const int MaxDepth = 100;
}
