using Gatehouse.EventHandler.Outputs;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>Answers as told and remembers what came.</summary>
internal sealed class AnsweringOutput : IDurableOutput
{
    private readonly Lock _gate = new();

    /// <summary>The verdict for a slice, and how many requests came up to and with it.</summary>
    public Func<EventSlice, int, Verdict> Answer { get; set; } = (_, _) => Verdict.Delivered.Instance;

    public Func<EventSlice, Task> Pause { get; set; } = _ => Task.CompletedTask;

    public List<(int Start, int Count)> Requests { get; } = [];

    public List<int> Delivered { get; } = [];

    public OutputLimits Limits { get; init; } = new(100, int.MaxValue, 1);

    /// <summary>Refuses each request with an event of type <c>poison</c>, and takes the others.</summary>
    public void RefusePoison() => Answer = (slice, _) => HoldsPoison(slice) ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;

    public static bool HoldsPoison(EventSlice slice) =>
        Enumerable.Range(slice.Start, slice.Count).Any(i => slice.Batch[i].Type == "poison");

    public async Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation)
    {
        await Pause(slice);
        lock (_gate)
        {
            Requests.Add((slice.Start, slice.Count));
            var verdict = Answer(slice, Requests.Count);
            if (verdict is Verdict.Delivered)
                Delivered.AddRange(Enumerable.Range(slice.Start, slice.Count));
            return verdict;
        }
    }
}
