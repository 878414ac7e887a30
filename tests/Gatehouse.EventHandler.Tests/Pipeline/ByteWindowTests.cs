using Gatehouse.EventHandler.Pipeline;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

public class ByteWindowTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_does_not_fit_waits_for_those_before_him()
    {
        var window = new ByteWindow(100);
        await window.EnterAsync(60, Cancellation);
        var second = window.EnterAsync(50, Cancellation);
        Assert.False(second.IsCompleted);
        window.Leave(60);
        await second;
    }

    [Fact]
    public async Task One_larger_than_the_window_goes_alone()
    {
        var window = new ByteWindow(100);
        await window.EnterAsync(1000, Cancellation);
        var second = window.EnterAsync(1, Cancellation);
        Assert.False(second.IsCompleted);
        window.Leave(1000);
        await second;
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_told_so()
    {
        var window = new ByteWindow(10);
        await window.EnterAsync(10, Cancellation);
        using var giveUp = new CancellationTokenSource();
        var second = window.EnterAsync(10, giveUp.Token);
        await giveUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second);
    }
}
