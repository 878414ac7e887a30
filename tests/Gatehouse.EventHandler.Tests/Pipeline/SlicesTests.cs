using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

public class SlicesTests
{
    [Theory]
    [InlineData(10, 3, new[] { 3, 3, 3, 1 })]
    [InlineData(4, 1, new[] { 1, 1, 1, 1 })]
    [InlineData(3, 100, new[] { 3 })]
    [InlineData(0, 100, new int[0])]
    public void A_batch_is_cut_by_number(int events, int most, int[] expected)
    {
        using var batch = Some.Batch([.. Enumerable.Repeat("user.login", events)]);
        var slices = Slices.Cut(batch, new OutputLimits(most, int.MaxValue, 1));
        Assert.Equal(expected, slices.Select(slice => slice.Count));
        Assert.Equal(Enumerable.Range(0, events), slices.SelectMany(slice => Enumerable.Range(slice.Start, slice.Count)));
    }

    [Fact]
    public void An_event_larger_than_the_limit_goes_alone()
    {
        using var batch = Some.Documents(("a", "{}"), ("b", $$"""{"x":"{{new string('x', 500)}}"}"""), ("c", "{}"), ("d", "{}"));
        var slices = Slices.Cut(batch, new OutputLimits(100, 100, 1));
        Assert.Equal([1, 1, 2], slices.Select(slice => slice.Count));
    }

    [Fact]
    public void A_run_of_events_is_the_inside_of_a_JSON_array()
    {
        using var batch = Some.Documents(("a", """{"a":1}"""), ("b", """{"b":2}"""), ("c", """{"c":3}"""));
        Assert.Equal("""{"b":2},{"c":3}"""u8.ToArray(), new EventSlice(batch, 1, 2).Json.ToArray());
    }

    [Fact]
    public void Halves_make_the_whole()
    {
        using var batch = Some.Batch("a", "b", "c", "d", "e");
        var (first, second) = Slices.Halve(new EventSlice(batch, 0, 5));
        Assert.Equal((0, 2, 2, 3), (first.Start, first.Count, second.Start, second.Count));
    }
}
