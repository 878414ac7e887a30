using System.Text;
using Xunit;

namespace Gatehouse.Events.Tests;

public class BatchTests
{
    private static void Append(EventBatch batch, string json) => EventDecoder.Append(Some.MessageAround(Some.Encoded(json)), batch);

    private static string All(EventBatch batch) => Encoding.UTF8.GetString(batch.Json(0, batch.Count).Span);

    [Fact]
    public void A_run_of_events_is_the_inside_of_an_array()
    {
        using var batch = new EventBatch(16);
        for (var i = 0; i < 1000; i++)
            Append(batch, $$"""{"n":{{i}},"sid":"s{{i}}"}""");
        Assert.Equal("""{"n":7,"sid":"s7"},{"n":8,"sid":"s8"}""", Encoding.UTF8.GetString(batch.Json(7, 2).Span));
        Assert.Equal("""{"n":999,"sid":"s999"}""", Encoding.UTF8.GetString(batch.Json(999).Span));
        Assert.Equal("s500", batch.TextString(batch[500].SessionId));
        Assert.Equal(0, batch.Json(3, 0).Length);
        Assert.Equal(batch.JsonBytes, batch.Json(0, 1000).Length);
    }

    [Fact]
    public void The_newest_event_can_be_taken_back()
    {
        using var batch = new EventBatch();
        Append(batch, """{"a":1}""");
        batch.RemoveLast();
        Append(batch, """{"b":2}""");
        Append(batch, """{"c":3}""");
        batch.RemoveLast();
        Append(batch, """{"d":4}""");
        Assert.Equal("""{"b":2},{"d":4}""", All(batch));
    }

    [Fact]
    public void A_cleared_batch_begins_anew()
    {
        using var batch = new EventBatch();
        Append(batch, """{"a":1}""");
        batch.Clear();
        Append(batch, """{"b":2}""");
        Assert.Equal("""{"b":2}""", All(batch));
        Assert.Equal(1, batch.Count);
    }
}
