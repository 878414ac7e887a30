using System.Buffers;
using Gatehouse.EventHandler.State;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class StateFoldTests
{
    private static readonly DateTime Noon = new(2024, 3, 1, 12, 0, 0, DateTimeKind.Utc);
    private static readonly DateOnly Day = new(2024, 3, 1);

    private static HandlerState After(params StateChange[] changes)
    {
        var state = new HandlerState();
        foreach (var change in changes)
            StateFold.Apply(state, change);
        return state;
    }

    [Fact]
    public void Any_state_survives_snapshot_and_codec()
    {
        var seed = Random.Shared.Next();
        var some = new SomeChanges(new Random(seed));
        var state = After(new StateChange.Started(SomeChanges.StartTime));
        for (var i = 0; i < 2000; i++)
        {
            StateFold.Apply(state, some.Change());
            if (i % 20 != 0)
                continue;
            var copy = new HandlerState();
            var writer = new ArrayBufferWriter<byte>();
            foreach (var change in StateSnapshot.Of(state))
                StateChangeCodec.Write(writer, change);
            var reader = new ByteReader(writer.WrittenSpan);
            while (!reader.AtEnd)
                StateFold.Apply(copy, StateChangeCodec.Read(ref reader));
            Assert.True(SomeChanges.Print(state) == SomeChanges.Print(copy), $"seed {seed}, step {i}");
        }
    }

    [Fact]
    public void What_searches_delivered_is_forgotten_with_the_day_it_belongs_to()
    {
        var state = After(
            new StateChange.PageSettled(
                Noon, Noon.AddDays(-2),
                [new SettledEvent(1, Noon.AddDays(-2)), new SettledEvent(2, Noon.AddDays(-1)), new SettledEvent(3, Noon)]),
            new StateChange.ModeChosen(SourceMode.Bulk),
            new StateChange.DayOpened(Day.AddDays(-2)),
            new StateChange.DayOpened(Day.AddDays(-1)),
            new StateChange.DayOpened(Day));

        // An older day may be open longer than a newer one.
        StateFold.Apply(state, new StateChange.DayClosed(Day.AddDays(-1)));
        Assert.Equal(new UInt128[] { 1, 3 }, state.Paged.Settled.Keys.Order());
        StateFold.Apply(state, new StateChange.DayClosed(Day.AddDays(-2)));
        Assert.Equal((UInt128)3, Assert.Single(state.Paged.Settled.Keys));
        StateFold.Apply(state, new StateChange.DayClosed(Day));
        Assert.Empty(state.Paged.Settled);
    }

    [Fact]
    public void No_bytes_make_the_codec_do_worse_than_refuse()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        var bytes = new byte[64];
        for (var i = 0; i < 20_000; i++)
        {
            random.NextBytes(bytes);
            bytes[0] = (byte)random.Next(1, 16);
            try
            {
                var reader = new ByteReader(bytes);
                while (!reader.AtEnd)
                    StateChangeCodec.Read(ref reader);
            }
            catch (InvalidDataException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}, step {i}: {e}");
            }
        }
    }

    [Fact]
    public void A_found_position_is_no_longer_sought()
    {
        var state = After(
            new StateChange.PositionTakenOver(new UpstreamPosition("c", "i", null)),
            new StateChange.PositionFound(Noon, Noon.AddMinutes(-10), [new SettledEvent(1, Noon)]));
        Assert.Null(state.TakenOver);
        Assert.Equal(Noon, state.Paged.Newest);
        Assert.Equal([new(1, Noon)], state.Paged.Settled);
    }

    [Fact]
    public void A_completed_chunk_has_no_cursor_any_more_and_gets_none()
    {
        var state = After(
            new StateChange.ChunkAdvanced(Day, "a", "1"),
            new StateChange.ChunkCompleted(Day, "a"),
            new StateChange.ChunkAdvanced(Day, "a", "2"));
        Assert.Empty(state.Days[Day].Cursors);
        Assert.Equal(["a"], state.Days[Day].Completed);
    }

    [Fact]
    public void A_closed_day_is_forgotten_and_not_opened_again()
    {
        var state = After(
            new StateChange.DayOpened(Day),
            new StateChange.DayClosed(Day),
            new StateChange.DayOpened(Day.AddDays(-1)),
            new StateChange.ChunkAdvanced(Day, "late", "x"),
            new StateChange.DayOpened(Day.AddDays(1)));
        Assert.Equal([Day.AddDays(1)], state.Days.Keys);
        Assert.Equal(Day, state.ClosedThrough);
    }

    [Fact]
    public void A_session_that_is_queued_again_keeps_its_index()
    {
        var state = After(
            new StateChange.SessionQueued("s", Noon),
            new StateChange.SessionAdvanced("s", 5),
            new StateChange.SessionQueued("s", Noon));
        Assert.Equal(new SessionProgress(5, Noon), state.Sessions["s"]);
    }

    [Fact]
    public void A_missing_session_leaves_the_queue_and_comes_back_with_its_index()
    {
        var state = After(
            new StateChange.SessionQueued("s", Noon),
            new StateChange.SessionMissing("s", 3, 1, Noon, Noon.AddMinutes(3)));
        Assert.Empty(state.Sessions);
        Assert.Equal(new MissingSession(3, 1, Noon, Noon.AddMinutes(3)), state.Missing["s"]);
        StateFold.Apply(state, new StateChange.SessionQueued("s", Noon));
        Assert.Equal(3, state.Sessions["s"].NextIndex);
        Assert.Empty(state.Missing);
    }

    [Fact]
    public void Progress_that_overtakes_the_queueing_is_kept()
    {
        var state = After(new StateChange.SessionAdvanced("s", 4), new StateChange.SessionQueued("s", Noon));
        Assert.Equal(new SessionProgress(4, Noon), state.Sessions["s"]);
    }

    [Fact]
    public void Sessions_keep_the_order_they_came_in()
    {
        var state = After(
            new StateChange.SessionQueued("a", Noon),
            new StateChange.SessionQueued("b", Noon),
            new StateChange.SessionCompleted("a"),
            new StateChange.SessionQueued("c", Noon),
            new StateChange.SessionAdvanced("b", 2));
        Assert.Equal(["b", "c"], state.Sessions.Keys);
    }
}
