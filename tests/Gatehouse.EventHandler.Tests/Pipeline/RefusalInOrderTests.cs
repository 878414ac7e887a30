using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>When the receiver's refusal of a recording's event is believed, and that the recording keeps its order: decision 3.</summary>
public sealed class RefusalInOrderTests : IAsyncLifetime
{
    private CourierRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await CourierRig.OpenAsync(maxInFlight: 4);

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task A_recording_keeps_its_order_when_one_of_its_events_is_refused()
    {
        _rig.Output.RefusePoison();
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync([_rig.Slice("a", "b", "c", "d", "e", "poison", "g", "h")]));
        Assert.Equal([0, 1, 2, 3, 4, 6, 7], _rig.Output.Delivered);
        Assert.Equal(1, _rig.DeadLetters.Count);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(11)]
    public async Task Events_refused_in_a_row_are_set_aside_when_the_next_one_is_taken(int poisoned)
    {
        _rig.Output.RefusePoison();
        var settled = new List<int>();
        string[] types = ["a", .. Enumerable.Repeat("poison", poisoned), "b", "c"];
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync(_rig.Singles(types), settled.Add));
        Assert.Equal([0, poisoned + 1, poisoned + 2], _rig.Output.Delivered);
        Assert.Equal(poisoned, _rig.DeadLetters.Count);
        Assert.Equal([1, poisoned + 2, poisoned + 3], settled);
    }

    [Fact]
    public async Task A_recording_that_begins_with_refused_events_is_delivered_from_there_on()
    {
        _rig.Output.RefusePoison();
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync([_rig.Slice("poison", "poison"), _rig.Slice("c")]));
        Assert.Equal(2, _rig.DeadLetters.Count);
    }

    [Fact]
    public async Task A_single_refused_event_at_the_end_is_believed_after_a_second_try()
    {
        _rig.Output.RefusePoison();
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync(_rig.Singles("a", "b", "poison")));
        Assert.Equal(1, _rig.DeadLetters.Count);
        Assert.Equal(4, _rig.Output.Requests.Count);
    }

    [Fact]
    public async Task A_receiver_that_refuses_everything_gets_nothing_set_aside_and_the_recording_makes_room()
    {
        _rig.Output.Answer = (_, _) => new Verdict.Refused("HTTP 400", 400);
        var settledTo = 0;
        var delivery = await _rig.DeliverInOrderAsync(_rig.Singles([.. Enumerable.Repeat("fine", 200)]), end => settledTo = end);
        Assert.Equal(OrderedDelivery.Held("HTTP 400"), delivery);
        Assert.Equal(0, settledTo);
        Assert.Equal(0, _rig.DeadLetters.Count);
        Assert.InRange(_rig.Output.Requests.Count, 2, 50);
    }

    [Fact]
    public async Task A_receiver_that_comes_to_its_senses_gets_all_in_order()
    {
        _rig.Output.Answer = (_, tries) => tries < 35 ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync(_rig.Singles([.. Enumerable.Repeat("fine", 36)])));
        Assert.Equal(Enumerable.Range(0, 36), _rig.Output.Delivered);
        Assert.Equal(0, _rig.DeadLetters.Count);
    }

    [Fact]
    public async Task Two_refused_at_the_end_are_set_aside_when_another_recording_is_taken()
    {
        _rig.Output.RefusePoison();
        var recording = _rig.Singles("a", "poison", "poison");
        Assert.Equal(OrderedDelivery.Held("HTTP 400"), await _rig.DeliverInOrderAsync(recording));
        Assert.Equal(OrderedDelivery.Held("HTTP 400"), await _rig.DeliverInOrderAsync([.. recording.Skip(1)]));
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync(_rig.Singles("b"), sessionId: "other"));
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync([.. recording.Skip(1)]));
        Assert.Equal(2, _rig.DeadLetters.Count);
    }

    [Fact]
    public async Task Two_refused_in_one_request_are_set_aside_as_well_when_another_recording_is_taken()
    {
        _rig.Output.RefusePoison();
        var rest = _rig.Slice("poison", "poison");
        Assert.Equal(OrderedDelivery.Held("HTTP 400"), await _rig.DeliverInOrderAsync([rest]));
        Assert.Equal(OrderedDelivery.Held("HTTP 400"), await _rig.DeliverInOrderAsync([rest]));
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync([_rig.Slice("b")], sessionId: "other"));
        Assert.Equal(OrderedDelivery.Settled, await _rig.DeliverInOrderAsync([rest]));
        Assert.Equal(2, _rig.DeadLetters.Count);
    }
}
