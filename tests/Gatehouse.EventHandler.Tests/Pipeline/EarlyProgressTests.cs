using System.Globalization;
using System.Text;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Gatehouse.Events;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>What is recorded of the oldest batch before its end: everything acknowledged that a record can say, and nothing else.</summary>
public class EarlyProgressTests
{
    private static readonly DateOnly Day = new(2026, 11, 21);
    private static readonly DateTime Start = new(2026, 11, 21, 0, 0, 0, DateTimeKind.Utc);

    private readonly HandlerState _state = new();
    private readonly Receipts _receipts = new();
    private int _keys;

    [Fact]
    public void Searched_events_of_the_oldest_page_are_recorded_in_any_order_and_the_place_stays()
    {
        var first = OpenPage("a", "b", "c");
        var second = OpenPage("d", "e");
        Settle(first, 1);
        Settle(second, 0);
        Record();
        Assert.Equal([1], Keys());
        Assert.Equal(Start, _state.Paged.Newest);
        Settle(first, 0, 2);
        Assert.Equal([0, 1, 2], Keys());
        Assert.Equal(Start.AddHours(3), _state.Paged.Newest);
        Record();
        Assert.Equal([0, 1, 2, 3], Keys());
        Assert.Equal(Start.AddHours(3), _state.Paged.Newest);
    }

    [Fact]
    [Trait("Difference", "kill-repeats")]
    public void A_chunk_is_recorded_over_its_settled_run()
    {
        var first = OpenChunk("one", 4);
        Settle(first, 0, 1, 3);
        Record();
        Assert.Equal("one-1", _state.Days[Day].Cursors["one"]);
        Settle(first, 2);
        Assert.Equal("one-3", _state.Days[Day].Cursors["one"]);
    }

    [Fact]
    public void Nothing_is_recorded_ahead_of_a_day_that_is_not_opened_yet()
    {
        var stuck = OpenChunk("one", 2);
        Open(new EventBatch(0), [new StateChange.DayOpened(Day.AddDays(1))]);
        var third = Open(Batch("three", 0, "a", "b"), [new StateChange.ChunkAdvanced(Day.AddDays(2), "three", "three-1")]);
        Settle(third, 0, 1);
        Record();
        Assert.Empty(_state.Days);
        Settle(stuck, 0, 1);
        Assert.Equal([Day, Day.AddDays(1), Day.AddDays(2)], _state.Days.Keys.Order());
    }

    [Fact]
    public void What_of_a_batch_was_settled_while_it_waited_is_recorded_when_it_is_the_oldest()
    {
        var first = OpenChunk("one", 1);
        var second = OpenChunk("one", 2);
        Settle(second, 0);
        Record();
        Assert.Empty(_state.Days);
        Settle(first, 0);
        Record();
        Assert.Equal("one-1", _state.Days[Day].Cursors["one"]);
    }

    [Fact]
    public void Events_without_a_place_wait_for_their_end()
    {
        var nowhere = Open(Batch("x", 0, "a", "b"), []);
        Settle(nowhere, 0);
        Record();
        Assert.Empty(_state.Days);
    }

    [Fact]
    public void A_recording_is_queued_with_the_event_that_announces_it()
    {
        var page = OpenPage("a", "session.upload", "c");
        Settle(page, 1);
        Record();
        Assert.Equal(["session-1"], _state.Sessions.Keys);
    }

    private IEnumerable<int> Keys() => _state.Paged.Settled.Keys.Select(key => (int)key).Order();

    private void Record() => _receipts.RecordEarly(changes => changes.ForEach(change => StateFold.Apply(_state, change)));

    private void Progress(Receipt receipt)
    {
        foreach (var change in receipt.Batch.Changes)
            StateFold.Apply(_state, change);
    }

    private void Settle(Receipt receipt, params int[] slices)
    {
        foreach (var slice in slices)
            _receipts.Settle(receipt, slice, Progress);
    }

    private Receipt OpenPage(params string[] types)
    {
        var batch = Batch("", _keys, types);
        var settled = types.Select(_ => new SettledEvent((UInt128)_keys++, Start.AddHours(1))).ToArray();
        return Open(batch, [new StateChange.PageSettled(Start.AddHours(_keys), Start, [.. settled])]);
    }

    private readonly Dictionary<string, int> _read = [];

    private Receipt OpenChunk(string chunk, int events)
    {
        var from = _read.GetValueOrDefault(chunk);
        _read[chunk] = from + events;
        return Open(Batch(chunk, from, [.. Enumerable.Repeat("user.login", events)]), [new StateChange.ChunkAdvanced(Day, chunk, $"{chunk}-{from + events - 1}")]);
    }

    private Receipt Open(EventBatch batch, IReadOnlyList<StateChange> changes)
    {
        var receipt = new Receipt(new SourceBatch(batch, changes), Slices.Cut(batch, new OutputLimits(1, int.MaxValue, 1)), DateTimeOffset.UnixEpoch);
        _receipts.Open(receipt, Progress);
        return receipt;
    }

    private static EventBatch Batch(string chunk, int from, params string[] types)
    {
        var batch = new EventBatch(1024);
        for (var i = 0; i < types.Length; i++)
        {
            var start = batch.BeginDocument();
            "{}"u8.CopyTo(batch.JsonSpan(2));
            batch.AdvanceJson(2);
            batch.EndDocument(new EventHeader
            {
                JsonStart = start,
                JsonLength = 2,
                Type = types[i],
                Time = Start,
                Index = 0,
                Id = default,
                SessionId = batch.AddText(Encoding.UTF8.GetBytes($"session-{i}")),
                Cursor = chunk.Length == 0 ? default : batch.AddText(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{chunk}-{from + i}"))),
            });
        }
        return batch;
    }
}
