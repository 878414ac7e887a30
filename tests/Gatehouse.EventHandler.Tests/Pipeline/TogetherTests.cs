using Gatehouse.EventHandler.Pipeline;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

public class TogetherTests
{
    [Fact]
    public async Task The_first_failure_stops_the_others_and_is_told()
    {
        using var stop = new CancellationTokenSource();
        var waiting = Task.Delay(Timeout.Infinite, stop.Token);
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => Together.RunAsync([waiting, Task.FromException(new InvalidDataException("first"))], stop));
        Assert.Equal("first", failure.Message);
        Assert.True(waiting.IsCanceled);
    }

    [Fact]
    public async Task All_that_end_well_end_it_well()
    {
        using var stop = new CancellationTokenSource();
        await Together.RunAsync([Task.CompletedTask, Task.Delay(1, TestContext.Current.CancellationToken)], stop);
        Assert.False(stop.IsCancellationRequested);
    }
}
