using System.Text.Json;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class StateReportTests : IDisposable
{
    private readonly string _top = Directory.CreateTempSubdirectory("gatehouse-report-").FullName;

    private string Home => Path.Combine(_top, "cluster_443");

    public void Dispose() => Directory.Delete(_top, recursive: true);

    [Fact]
    public async Task A_running_handlers_state_can_be_shown()
    {
        var noon = new DateTime(2024, 3, 1, 12, 0, 0, DateTimeKind.Utc);
        await using var checkpoint = Checkpoint.Open(Home, new FakeTimeProvider());
        await checkpoint.CommitAsync(
            [
                new StateChange.Started(new DateTimeOffset(2024, 1, 1, 0, 0, 0, TimeSpan.Zero)),
                new StateChange.ModeChosen(SourceMode.Paged),
                new StateChange.PageSettled(noon, noon.AddMinutes(-10), [new SettledEvent(1, noon), new SettledEvent(2, noon.AddHours(-1))]),
                new StateChange.SessionQueued("abc", noon),
                new StateChange.SessionMissing("def", 4, 2, noon, noon.AddMinutes(3)),
            ],
            TestContext.Current.CancellationToken);

        var report = StateReport.Read(Home, new FakeTimeProvider());

        Assert.Equal(
            $"""
            State directory     {Home}
            Record              1
            Start time          2024-01-01T00:00:00Z
            Mode                paged
            Newest event        2024-03-01T12:00:00Z
            Late events since   2024-03-01T11:50:00Z, 1 events known
            Recordings          1 to stream, 1 missing
              to stream         abc from index 0, uploaded 2024-03-01T12:00:00Z
              missing           def from index 4, 2 tries, next 2024-03-01T12:03:00Z

            """,
            report.ToText());
        var json = JsonDocument.Parse(report.ToJson()).RootElement;
        Assert.Equal(1, json.GetProperty("record").GetInt32());
        Assert.Equal("2024-03-01T11:50:00Z", json.GetProperty("floor").GetString());
        Assert.Equal(4, json.GetProperty("missing_recordings").GetProperty("def").GetProperty("next_index").GetInt32());
    }

    [Fact]
    public void Upstreams_state_can_be_shown_before_it_is_taken_over()
    {
        var golden = Repository.PathOf("tests", "data", "handler-golden", "state", "killed-on-third-page-batch-5");
        var report = StateReport.Read(golden, new FakeTimeProvider());
        Assert.Null(report.Sequence);
        Assert.Contains("eacd156d-f010-4070-bb13-33b4263823e6", report.ToText(), StringComparison.Ordinal);
        Assert.Contains("edd5662f-6fdf-4e03-8798-3c3c77d673a9", report.ToJson(), StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(golden, "checkpoint")));
    }

    [Fact]
    public void Where_no_handler_ran_there_is_nothing_to_show() =>
        Assert.Contains(Home, Assert.Throws<StateException>(() => StateReport.Read(Home, new FakeTimeProvider())).Message, StringComparison.Ordinal);
}
