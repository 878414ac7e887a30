using Gatehouse.EventHandler.Outputs;
using Gatehouse.Events;

namespace Gatehouse.EventHandler.Pipeline;

/// <summary>Cuts batches into what fits one request.</summary>
internal static class Slices
{
    /// <summary>Neighbouring events up to the output's limits; an event larger than the limit goes alone.</summary>
    public static List<EventSlice> Cut(EventBatch batch, OutputLimits limits)
    {
        var slices = new List<EventSlice>(batch.Count / limits.MaxEvents + 1);
        var start = 0;
        long bytes = 0;
        for (var i = 0; i < batch.Count; i++)
        {
            var length = batch[i].JsonLength + 1;
            if (i > start && (i - start == limits.MaxEvents || bytes + length > limits.MaxBytes))
            {
                slices.Add(new EventSlice(batch, start, i - start));
                start = i;
                bytes = 0;
            }
            bytes += length;
        }
        if (start < batch.Count)
            slices.Add(new EventSlice(batch, start, batch.Count - start));
        return slices;
    }

    /// <summary>The two halves of a slice of at least two events.</summary>
    public static (EventSlice First, EventSlice Second) Halve(EventSlice slice)
    {
        var half = slice.Count / 2;
        return (slice with { Count = half }, slice with { Start = slice.Start + half, Count = slice.Count - half });
    }
}
