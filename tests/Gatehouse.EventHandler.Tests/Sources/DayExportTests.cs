using Gatehouse.EventHandler.Sources;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class DayExportTests
{
    private static readonly DateOnly Day = DateOnly.FromDateTime(SourceRun.Noon.UtcDateTime);

    [Fact]
    public void Today_is_asked_for_again_two_seconds_after_news_and_ever_more_rarely_without()
    {
        var day = new DayExport(Day, [], []);
        Assert.True(day.NextPoll < SourceRun.Noon);

        var waits = new List<double>();
        foreach (var chunks in new string[][] { ["a"], ["a"], ["a"], ["a"], ["a"], ["a", "b"], ["a", "b"] })
        {
            day.TakeList(chunks, SourceRun.Noon, isToday: true);
            waits.Add((day.NextPoll - SourceRun.Noon).TotalSeconds);
        }

        Assert.Equal([2, 4, 8, 16, 16, 2, 4], waits);
    }

    [Fact]
    public void Chunks_begun_go_first_and_completed_ones_not_at_all()
    {
        var day = new DayExport(Day, ["done"], [new("begun", "a1:7"), new("done", "a1:1")]);
        day.TakeList(["new", "done", "begun"], SourceRun.Noon, isToday: true);
        var started = new List<(string, string)>();

        day.Start(10, (chunk, cursor) =>
        {
            started.Add((chunk, cursor));
            return new RunningChunk(chunk, Task.CompletedTask, new TaskCompletionSource().Task, () => false);
        });

        Assert.Equal([("begun", "a1:7"), ("new", "")], started);
    }

    [Fact]
    public void Chunks_in_trouble_leave_their_slots_to_others_but_keep_the_day_open()
    {
        var day = new DayExport(Day, [], []);
        day.TakeList(["a", "b", "c"], SourceRun.Noon, isToday: true);
        var parked = new TaskCompletionSource();
        var started = 0;
        var absent = false;

        Start(1);
        Assert.Equal(1, started);
        parked.SetResult();
        Start(1);
        Start(1);
        Assert.Equal(3, started);

        day.TakeList(["a", "b", "c"], SourceRun.Noon, isToday: true);
        Assert.True(day.Idle);
        Assert.False(day.Done);
        Assert.False(day.DoneButForAbsent);
        absent = true;
        Assert.False(day.Done);
        Assert.True(day.DoneButForAbsent);

        void Start(int slots) => day.Start(slots, (chunk, _) =>
        {
            started++;
            return new RunningChunk(chunk, new TaskCompletionSource().Task, parked.Task, () => absent);
        });
    }
}
