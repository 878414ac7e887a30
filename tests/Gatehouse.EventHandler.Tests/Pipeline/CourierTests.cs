using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>What is tried again, what is made smaller, and when the courier says that nothing is settled.</summary>
public sealed class CourierTests : IAsyncLifetime
{
    private CourierRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await CourierRig.OpenAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_slice_is_sent_again_until_the_receiver_takes_it()
    {
        _rig.Output.Answer = (_, tries) => tries < 4 ? new Verdict.TryAgain("HTTP 503", Status: 503) : Verdict.Delivered.Instance;
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a", "b")));
        Assert.Equal(4, _rig.Output.Requests.Count);
        Assert.All(_rig.Output.Requests, request => Assert.Equal((0, 2), request));
    }

    [Fact]
    public async Task The_wait_the_receiver_asked_for_is_waited()
    {
        _rig.Output.Answer = (_, tries) => tries == 1 ? new Verdict.TryAgain("HTTP 429", TimeSpan.FromSeconds(90), 429) : Verdict.Delivered.Instance;
        var started = _rig.Time.GetUtcNow();
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a")));
        Assert.InRange(_rig.Time.GetUtcNow() - started, TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(100));
    }

    [Fact]
    public async Task What_is_too_large_is_halved_until_it_fits()
    {
        _rig.Output.Answer = (slice, _) => slice.Count > 2 ? new Verdict.TooLarge("HTTP 413") : Verdict.Delivered.Instance;
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a", "b", "c", "d", "e")));
        Assert.Equal([(0, 5), (0, 2), (2, 3), (2, 1), (3, 2)], _rig.Output.Requests);
        Assert.Equal(0, _rig.DeadLetters.Count);
    }

    [Fact]
    public async Task A_single_event_that_is_too_large_is_kept_in_the_dead_letters()
    {
        _rig.Output.Answer = (_, _) => new Verdict.TooLarge("HTTP 413");
        Assert.True(await _rig.DeliverAsync(_rig.Slice("huge")));
        Assert.Equal(1, _rig.DeadLetters.Count);
    }

    [Fact]
    public async Task An_outage_gives_nothing_up_however_long_it_lasts()
    {
        _rig.Output.Answer = (_, tries) => tries < 200 ? new Verdict.TryAgain("HTTP 500", Status: 500) : Verdict.Delivered.Instance;
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a")));
        Assert.Equal(0, _rig.DeadLetters.Count);
    }

    [Fact]
    public async Task Told_to_stop_it_does_not_try_again_and_says_that_nothing_is_settled()
    {
        using var stop = new CancellationTokenSource();
        _rig.Output.Answer = (_, _) =>
        {
            stop.Cancel();
            return new Verdict.TryAgain("connection refused");
        };
        Assert.Equal(Delivery.Stopped, await _rig.Courier.DeliverAsync(_rig.Slice("a"), _rig.Owner, stop.Token, CourierRig.Cancellation));
        Assert.Single(_rig.Output.Requests);
    }

    [Fact]
    public async Task After_a_stop_no_request_is_begun_and_the_one_on_its_way_arrives()
    {
        using var stop = new CancellationTokenSource();
        _rig.Output.Answer = (_, _) =>
        {
            stop.Cancel();
            return Verdict.Delivered.Instance;
        };
        var settledTo = 0;
        var delivery = await _rig.Courier.DeliverInOrderAsync(
            _rig.Singles("a", "b", "c"), Destination.Session("s"), end => settledTo = end, stop.Token, CourierRig.Cancellation);
        Assert.Equal(OrderedDelivery.Stopped, delivery);
        Assert.Equal(1, settledTo);
        Assert.Equal(Delivery.Stopped, await _rig.Courier.DeliverAsync(_rig.Slice("d"), _rig.Owner, stop.Token, CourierRig.Cancellation));
        Assert.Single(_rig.Output.Requests);
    }

    [Fact]
    public async Task Each_door_keeps_its_own_trouble()
    {
        using var stop = new CancellationTokenSource();
        _rig.Output.Answer = (slice, _) =>
            AnsweringOutput.HoldsPoison(slice) ? new Verdict.TryAgain("HTTP 404", Status: 404) : Verdict.Delivered.Instance;
        var recording = _rig.Courier.DeliverInOrderAsync(_rig.Singles("poison"), Destination.Session("s"), _ => { }, stop.Token, CourierRig.Cancellation);
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a")));
        Assert.Equal("recordings: HTTP 404", _rig.Courier.Problem);
        await stop.CancelAsync();
        await recording;
    }
}
