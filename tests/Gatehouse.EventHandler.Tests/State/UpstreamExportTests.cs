using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class UpstreamExportTests : IDisposable
{
    private static readonly DateTime Noon = new(2024, 3, 1, 12, 0, 0, 500, DateTimeKind.Utc);
    private static readonly DateTimeOffset Start = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly string _directory = Directory.CreateTempSubdirectory("gatehouse-export-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static HandlerState After(params StateChange[] changes)
    {
        var state = new HandlerState();
        foreach (var change in changes)
            StateFold.Apply(state, change);
        return state;
    }

    private string Text(string name) => File.ReadAllText(Path.Combine(_directory, name));

    private HandlerState ReadBack() => UpstreamState.Read(_directory, Noon, NullLogger.Instance);

    [Theory]
    [InlineData("first-page")]
    [InlineData("killed-on-third-page-batch-5")]
    [InlineData("nothing-delivered-yet")]
    [InlineData("session-killed-at-index-4")]
    [InlineData("start-time-with-zone")]
    public void A_state_that_was_only_taken_over_is_written_back_as_it_was(string name)
    {
        var original = Repository.PathOf("tests", "data", "handler-golden", "state", name);
        UpstreamExport.Write(UpstreamState.Read(original, Noon, NullLogger.Instance), _directory);
        foreach (var file in Directory.EnumerateFiles(original).Where(file => Path.GetFileName(file) != "session"))
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_directory, Path.GetFileName(file))));
        Assert.Equal(
            SomeChanges.Print(UpstreamState.Read(original, Noon, NullLogger.Instance)), SomeChanges.Print(ReadBack()));
    }

    [Fact]
    public void A_paged_position_becomes_the_window_before_which_nothing_is_missing()
    {
        File.WriteAllText(Path.Combine(_directory, "cursor"), "old page");
        File.WriteAllText(Path.Combine(_directory, "id"), "old event");
        var said = UpstreamExport.Write(
            After(
                new StateChange.Started(Start),
                new StateChange.ModeChosen(SourceMode.Paged),
                new StateChange.PageSettled(Noon, Noon.AddMinutes(-10), [new SettledEvent(1, Noon)])),
            _directory);
        Assert.Equal("2024-01-01T00:00:00Z", Text("start_time"));
        Assert.Equal("2024-03-01T11:50:00Z", Text("window_time"));
        Assert.Equal("", Text("cursor"));
        Assert.Equal("", Text("id"));
        Assert.Contains(said, line => line.Contains("older than 17", StringComparison.Ordinal));
    }

    [Fact]
    public void A_window_never_begins_before_the_start_time()
    {
        UpstreamExport.Write(
            After(new StateChange.Started(new DateTimeOffset(Noon).AddMilliseconds(-500)), new StateChange.PageSettled(Noon, Noon.AddMinutes(-10), [])),
            _directory);
        Assert.Equal("2024-03-01T12:00:00Z", Text("window_time"));
    }

    [Fact]
    public void Bulk_progress_is_written_back_and_old_days_go()
    {
        var (first, second) = (new DateOnly(2024, 3, 1), new DateOnly(2024, 3, 2));
        Directory.CreateDirectory(Path.Combine(_directory, "cursor_v2", "2024-02-01"));
        var state = After(
            new StateChange.Started(Start),
            new StateChange.ModeChosen(SourceMode.Bulk),
            new StateChange.DayClosed(first.AddDays(-1)),
            new StateChange.ChunkCompleted(first, "b"),
            new StateChange.ChunkCompleted(first, "a"),
            new StateChange.ChunkAdvanced(first, "c", "cursor of c"),
            new StateChange.DayOpened(second));
        UpstreamExport.Write(state, _directory);

        Assert.Equal("a\nb\n", Text("cursor_v2/2024-03-01/completed-chunks"));
        Assert.Equal("cursor of c", Text("cursor_v2/2024-03-01/c.chunk"));
        Assert.Equal(["2024-03-01", "2024-03-02"], Directory.EnumerateDirectories(Path.Combine(_directory, "cursor_v2")).Select(Path.GetFileName).Order());
        Assert.Equal(SomeChanges.Print(state), SomeChanges.Print(ReadBack()));
    }

    [Fact]
    public void Bulk_with_every_day_closed_goes_on_with_the_next()
    {
        UpstreamExport.Write(After(new StateChange.ModeChosen(SourceMode.Bulk), new StateChange.DayClosed(new DateOnly(2024, 3, 1))), _directory);
        Assert.Equal([new DateOnly(2024, 3, 2)], ReadBack().Days.Keys);
    }

    [Fact]
    public async Task Another_directory_must_be_new_or_empty_and_gets_files_for_the_owner_alone()
    {
        var home = Path.Combine(_directory, "home");
        await using (var checkpoint = Checkpoint.Open(home, TimeProvider.System))
            await checkpoint.CommitAsync([new StateChange.Started(Start), new StateChange.DayOpened(new DateOnly(2024, 3, 1))], TestContext.Current.CancellationToken);
        var before = Names(home);
        var full = Directory.CreateDirectory(Path.Combine(_directory, "full")).FullName;
        File.WriteAllText(Path.Combine(full, "session-notes"), "mine");
        Assert.Contains("not empty", Assert.Throws<StateException>(() => UpstreamExport.Run(home, full, TimeProvider.System)).Message, StringComparison.Ordinal);
        Assert.Equal(["session-notes"], Names(full));

        var target = Path.Combine(_directory, "new");
        UpstreamExport.Run(home, target, TimeProvider.System);
        Assert.Equal("2024-01-01T00:00:00Z", Text("new/start_time"));
        Assert.All(
            Directory.EnumerateFiles(target, "*", SearchOption.AllDirectories),
            file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Equal(before, Names(home));
    }

    [Fact]
    public void Without_progress_there_is_nothing_to_export_and_nothing_is_made()
    {
        File.WriteAllText(Path.Combine(_directory, "start_time"), "2024-01-01T00:00:00Z");
        var target = Path.Combine(_directory, "new");
        Assert.Throws<StateException>(() => UpstreamExport.Run(_directory, target, TimeProvider.System));
        Assert.Throws<StateException>(() => UpstreamExport.Run(_directory, null, TimeProvider.System));
        Assert.Equal(["start_time"], Names(_directory));
    }

    private static List<string?> Names(string directory) =>
        Directory.EnumerateFileSystemEntries(directory).Select(Path.GetFileName).Order(StringComparer.Ordinal).ToList();

    [Fact]
    public void Recordings_are_all_written_as_sessions_and_done_ones_removed()
    {
        File.WriteAllBytes(Path.Combine(_directory, "sessiondone"), new byte[8]);
        File.WriteAllText(Path.Combine(_directory, "missing_recordingdone"), "{}");
        File.WriteAllText(Path.Combine(_directory, "session-notes"), "of somebody else");
        var said = UpstreamExport.Write(
            After(
                new StateChange.SessionQueued("one", Noon),
                new StateChange.SessionAdvanced("one", 258),
                new StateChange.SessionMissing("two", 3, 9, Noon, Noon),
                new StateChange.SessionQueued("../three", Noon)),
            _directory);
        Assert.Equal([0, 0, 0, 0, 0, 0, 1, 2], File.ReadAllBytes(Path.Combine(_directory, "sessionone")));
        Assert.Equal([0, 0, 0, 0, 0, 0, 0, 3], File.ReadAllBytes(Path.Combine(_directory, "sessiontwo")));
        Assert.Equal(["session-notes", "sessionone", "sessiontwo"], Directory.EnumerateFiles(_directory, "*session*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
        Assert.Empty(Directory.EnumerateFiles(_directory, "missing_recording*"));
        Assert.Contains(said, line => line.Contains("../three", StringComparison.Ordinal));
    }
}
