using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class UpstreamStateTests : IDisposable
{
    private static readonly DateTime Now = new(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc);
    private readonly string _directory = Directory.CreateTempSubdirectory("gatehouse-upstream-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private HandlerState Read() => UpstreamState.Read(_directory, Now, NullLogger.Instance);

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_directory, name))!);
        File.WriteAllText(Path.Combine(_directory, name), content);
    }

    private void Write(string name, params byte[] content) => File.WriteAllBytes(Path.Combine(_directory, name), content);

    [Theory]
    [InlineData("first-page", "2021-01-01T00:00:00Z", "", "5b5a3d71-ce41-4d07-908b-0bc1f1c30b0a")]
    [InlineData("killed-on-third-page-batch-5", "2021-01-01T00:00:00Z", "edd5662f-6fdf-4e03-8798-3c3c77d673a9", "eacd156d-f010-4070-bb13-33b4263823e6")]
    [InlineData("nothing-delivered-yet", "2021-01-01T00:00:00Z", null, null)]
    [InlineData("session-given-up", "2021-01-01T00:00:00Z", "", "22222222-0000-4000-8000-000000000001", "e022a0b0-36ca-4174-9bce-47a17ec4cffd:0")]
    [InlineData("session-killed-at-index-4", "2021-01-01T00:00:00Z", "", "22222222-0000-4000-8000-000000000001", "d1104c80-e935-4a1d-a5f8-7551a50c0b95:4 e022a0b0-36ca-4174-9bce-47a17ec4cffd:0")]
    [InlineData("start-time-with-zone", "2021-01-01T01:00:00+01:00", "", "87565fa8-73bd-40c5-9f89-2ff09be0733e")]
    public async Task The_position_of_a_real_handler_is_taken_over(string name, string startTime, string? cursor, string? id, string sessions = "")
    {
        foreach (var file in Directory.EnumerateFiles(Repository.PathOf("tests", "data", "handler-golden", "state", name)))
            File.Copy(file, Path.Combine(_directory, Path.GetFileName(file)));
        var before = Files();

        string first;
        await using (var checkpoint = Checkpoint.Open(_directory, new FakeTimeProvider()))
        {
            var state = checkpoint.State;
            Assert.Equal(startTime, Rfc3339.Format(state.StartTime!.Value));
            Assert.Equal(id is null ? null : new UpstreamPosition(cursor!, id, null), state.TakenOver);
            Assert.Equal(sessions, string.Join(' ', state.Sessions.Select(s => $"{s.Key}:{s.Value.NextIndex}").Order(StringComparer.Ordinal)));
            Assert.Equal(SourceMode.Undecided, state.Mode);
        }

        foreach (var (file, content) in before)
            Assert.Equal(content, File.ReadAllBytes(file));

        await using (var checkpoint = Checkpoint.Open(_directory, new FakeTimeProvider()))
        {
            await checkpoint.CommitAsync([new StateChange.Started(checkpoint.State.StartTime!.Value)], TestContext.Current.CancellationToken);
            first = SomeChanges.Print(checkpoint.State);
        }

        // From now on our own record counts, whatever becomes of these.
        File.WriteAllText(Path.Combine(_directory, "start_time"), "2030-01-01T00:00:00Z");
        await using var again = Checkpoint.Open(_directory, new FakeTimeProvider());
        Assert.Equal(first, SomeChanges.Print(again.State));
    }

    [Fact]
    public async Task Upstream_may_go_on_after_a_first_start_that_came_to_nothing()
    {
        Write("start_time", "2024-03-01T00:00:00Z");
        Write("id", "first");
        await using (var checkpoint = Checkpoint.Open(_directory, new FakeTimeProvider()))
            Assert.Equal("first", checkpoint.State.TakenOver!.Id);
        Write("id", "second");
        await using var again = Checkpoint.Open(_directory, new FakeTimeProvider());
        Assert.Equal("second", again.State.TakenOver!.Id);
    }

    [Fact]
    public void Bulk_progress_is_taken_over()
    {
        Write("start_time", "2024-03-01T15:00:00Z");
        Write("window_time", "2024-03-02T00:00:00Z");
        Write("cursor_v2/2024-03-04/completed-chunks", "chunk-a\nchunk-b\n\nhalf");
        Write("cursor_v2/2024-03-04/chunk-b.chunk", "old");
        Write("cursor_v2/2024-03-04/chunk-c.chunk", " cursor-c\n");
        Write("cursor_v2/2024-03-04/chunk-d.chunk", "");
        Write("cursor_v2/not-a-day/completed-chunks", "x");
        Directory.CreateDirectory(Path.Combine(_directory, "cursor_v2", "2024-03-05"));

        var state = Read();

        Assert.Equal(SourceMode.Bulk, state.Mode);
        Assert.Null(state.TakenOver);
        Assert.Equal([new DateOnly(2024, 3, 4), new DateOnly(2024, 3, 5)], state.Days.Keys);
        Assert.Equal(["chunk-a", "chunk-b", "half"], state.Days.Values.First().Completed.Order(StringComparer.Ordinal));
        Assert.Equal([new("chunk-c", "cursor-c")], state.Days.Values.First().Cursors);
        Assert.Empty(state.Days.Values.Last().Completed);
        Assert.Equal(new DateOnly(2024, 3, 3), state.ClosedThrough);
    }

    [Fact]
    public void An_empty_bulk_folder_is_no_bulk_state()
    {
        Directory.CreateDirectory(Path.Combine(_directory, "cursor_v2"));
        Assert.Equal(SourceMode.Undecided, Read().Mode);
    }

    [Fact]
    public void Missing_recordings_are_tried_again_at_once()
    {
        Write("missing_recordingaaa", """{"Index":7,"Attempt":2,"Timestamp":"2024-03-01T10:20:30.123456789Z"}""");
        var missing = Assert.Single(Read().Missing);
        Assert.Equal("aaa", missing.Key);
        Assert.Equal(new MissingSession(7, 2, new DateTime(2024, 3, 1, 10, 20, 30, DateTimeKind.Utc).AddTicks(1234567), Now), missing.Value);
    }

    [Fact]
    public void A_recording_that_is_under_way_is_not_missing_too()
    {
        Write("missing_recordingaaa", """{"Index":0,"Attempt":1,"Timestamp":"2024-03-01T10:20:30Z"}""");
        Write("sessionaaa", 0, 0, 0, 0, 0, 0, 0, 9);
        var state = Read();
        Assert.Equal(9, state.Sessions["aaa"].NextIndex);
        Assert.Empty(state.Missing);
    }

    [Trait("Difference", "damaged-session-file")]
    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[1]")]
    [InlineData("""{"Index":"x"}""")]
    [InlineData("""{"Index":99999999999999999999}""")]
    public void A_damaged_entry_of_a_missing_recording_still_says_which(string content)
    {
        Write("missing_recordingaaa", content);
        Assert.Equal(new MissingSession(0, 0, DateTime.MinValue, Now), Read().Missing["aaa"]);
    }

    [Trait("Difference", "damaged-session-file")]
    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 1, 2, 3 })]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 255 })]
    [InlineData(new byte[] { 0, 0, 0, 0, 0, 0, 0, 1, 0 })]
    public void A_damaged_session_file_begins_its_recording_again(byte[] content)
    {
        Write("sessionaaa", content);
        Assert.Equal(0, Read().Sessions["aaa"].NextIndex);
    }

    [Trait("Difference", "session-without-id")]
    [Fact]
    public void A_name_without_a_session_id_is_no_session()
    {
        Write("session", 0, 0, 0, 0, 0, 0, 0, 0);
        Write("session.. x", 0, 0, 0, 0, 0, 0, 0, 0);
        Directory.CreateDirectory(Path.Combine(_directory, "sessionfolder"));
        Assert.Empty(Read().Sessions);
    }

    [Trait("Difference", "start-time-white-space")]
    [Theory]
    [InlineData("2021-01-01T00:00:00Z\n")]
    [InlineData(" 2021-01-01T00:00:00.987Z\r\n")]
    [InlineData("2021-01-01T00:00:00Z\0\0\0")]
    public void White_space_around_a_start_time_is_forgiven(string content)
    {
        Write("start_time", content);
        Assert.Equal(new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero), Read().StartTime);
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("2021-01-01")]
    [InlineData("2021-13-01T00:00:00Z")]
    [InlineData("2021-01-01T00:00:00Z2021-01-01T00:00:00Z")]
    public void A_start_time_that_is_none_stops_the_start(string content)
    {
        Write("start_time", content);
        var refusal = Assert.Throws<StateException>(() => Read());
        Assert.Contains($"parsing time \"{content}\"", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(_directory, "start_time"), refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_files_are_not_set()
    {
        foreach (var name in new[] { "start_time", "window_time", "cursor", "id" })
            Write(name, "");
        var state = Read();
        Assert.Null(state.StartTime);
        Assert.Null(state.TakenOver);
    }

    [Fact]
    public void An_id_written_by_hand_loses_its_line_end()
    {
        Write("id", "5b5a3d71\n");
        Write("window_time", "nonsense");
        Assert.Equal(new UpstreamPosition("", "5b5a3d71", null), Read().TakenOver);
    }

    private Dictionary<string, byte[]> Files() => Directory.EnumerateFiles(_directory).ToDictionary(file => file, File.ReadAllBytes);
}
