using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>When the receiver's refusal of an event of the audit log is believed: decision 3.</summary>
public sealed class RefusalTests : IAsyncLifetime
{
    private CourierRig _rig = null!;

    public async ValueTask InitializeAsync() => _rig = await CourierRig.OpenAsync();

    public ValueTask DisposeAsync() => _rig.DisposeAsync();

    [Fact]
    public async Task The_one_event_that_is_refused_goes_to_the_dead_letters_and_the_rest_arrives()
    {
        _rig.Output.RefusePoison();
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a", "b", "c", "poison", "e", "f")));
        Assert.Equal(1, _rig.DeadLetters.Count);
        Assert.Contains("\"uid\":\"event-3\"", await File.ReadAllTextAsync(_rig.DeadLetters.Path, CourierRig.Cancellation));
        Assert.Equal([0, 1, 2, 4, 5], _rig.Output.Delivered.Order());
    }

    [Fact]
    public async Task A_receiver_that_refuses_everything_refuses_us_and_nothing_is_given_up()
    {
        _rig.Output.Answer = (_, tries) => tries < 100 ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a", "b", "c")));
        Assert.Equal(0, _rig.DeadLetters.Count);
        Assert.Equal([0, 1, 2], _rig.Output.Delivered.Order());
    }

    [Fact]
    public async Task A_receiver_that_refuses_everything_after_a_delivery_gets_no_batch_set_aside()
    {
        _rig.Output.Answer = (_, tries) => tries is > 1 and < 200 ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a")));
        Assert.True(await _rig.DeliverAsync(_rig.Slice([.. Enumerable.Repeat("fine", 50)])));
        Assert.Equal(0, _rig.DeadLetters.Count);
        Assert.Equal(51, _rig.Output.Delivered.Count);
    }

    [Fact]
    public async Task A_receiver_that_refuses_everything_after_a_delivery_gets_no_single_events_set_aside_either()
    {
        _rig.Output.Answer = (_, tries) => tries is > 1 and < 50 ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a")));
        var one = await _rig.Courier.DeliverAsync(_rig.Slice("b"), _rig.Owner, CourierRig.NotTold, CourierRig.Cancellation);
        var two = await _rig.Courier.DeliverAsync(_rig.Slice("c"), _rig.Owner, CourierRig.NotTold, CourierRig.Cancellation);
        Assert.True(await _rig.PassTimeAsync(one.Held!));
        Assert.True(await _rig.PassTimeAsync(two.Held!));
        Assert.Equal(0, _rig.DeadLetters.Count);
        Assert.Equal(3, _rig.Output.Delivered.Count);
    }

    [Fact]
    public async Task An_answer_that_was_on_its_way_at_the_refusal_proves_nothing()
    {
        var door = new Door();
        var begun = door.Moment;
        var refusal = door.Refuse();
        door.Took(begun);
        Assert.False(door.IsProven(refusal));
        var proof = door.ProofOf(refusal);
        Assert.False(proof.IsCompleted);
        door.Took(door.Moment);
        Assert.True(door.IsProven(refusal));
        await proof;
    }

    [Fact]
    public async Task A_refusal_after_a_delivery_is_believed_even_when_nothing_else_is_on_its_way()
    {
        _rig.Output.RefusePoison();
        Assert.True(await _rig.DeliverAsync(_rig.Slice("a")));
        Assert.True(await _rig.DeliverAsync(_rig.Slice("poison")));
        Assert.Equal(1, _rig.DeadLetters.Count);
    }

    [Fact]
    public async Task The_first_event_of_all_is_set_aside_once_others_are_taken()
    {
        _rig.Output.RefusePoison();
        Assert.True(await _rig.DeliverAsync(_rig.Slice("poison", "b", "c")));
        Assert.Equal(1, _rig.DeadLetters.Count);
        Assert.Equal([1, 2], _rig.Output.Delivered.Order());
    }

    [Fact]
    public async Task What_is_held_asks_no_more_often_together_than_one_slice_alone()
    {
        _rig.Output.Answer = (_, _) => new Verdict.Refused("HTTP 400", 400);
        using var stop = new CancellationTokenSource();
        var held = new List<Task<bool>>();
        for (var i = 0; i < 100; i++)
            held.Add((await _rig.Courier.DeliverAsync(_rig.Slice("a"), _rig.Owner, stop.Token, CourierRig.Cancellation)).Held!);
        Assert.Equal(100, _rig.Courier.Held);
        for (var second = 0; second < 60; second++)
        {
            _rig.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        Assert.InRange(_rig.Output.Requests.Count, 100, 350);
        Assert.Equal("HTTP 400", _rig.Courier.Problem);
        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(held), settled => Assert.False(settled));
        Assert.Equal(0, _rig.DeadLetters.Count);
    }
}
