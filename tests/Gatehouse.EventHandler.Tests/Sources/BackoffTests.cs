using Gatehouse.EventHandler.Sources;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class BackoffTests
{
    [Fact]
    public void Waits_double_from_one_second_to_thirty()
    {
        var backoff = new Backoff(() => 1.0);

        var waits = Enumerable.Range(0, 100).Select(_ => backoff.Next().TotalSeconds).ToArray();

        Assert.Equal([1, 2, 4, 8, 16, 30, 30], waits[..7]);
        Assert.All(waits[7..], wait => Assert.Equal(30, wait));
    }

    [Fact]
    public void Half_of_each_wait_is_random()
    {
        Assert.Equal(0.5, new Backoff(() => 0.0).Next().TotalSeconds);
        Assert.Equal(0.75, new Backoff(() => 0.5).Next().TotalSeconds);
    }

    [Fact]
    public void Success_starts_over()
    {
        var backoff = new Backoff(() => 1.0);
        backoff.Next();
        backoff.Next();
        backoff.Reset();
        Assert.Equal(1, backoff.Next().TotalSeconds);
    }
}
