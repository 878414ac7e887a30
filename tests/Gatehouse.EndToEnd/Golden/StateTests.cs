using System.Text.Json.Nodes;
using Gatehouse.EndToEnd.Running;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>State directories of the real handler, unchanged, taken over by ours; and the way back.</summary>
public sealed class StateTests : IAsyncLifetime
{
    private const string Storage = "storage";

    private GoldenDesk _desk = null!;

    public async ValueTask InitializeAsync() => _desk = await GoldenDesk.SetUpAsync();

    public async ValueTask DisposeAsync() => await _desk.DisposeAsync();

    [Theory]
    [InlineData("first-page")]
    [InlineData("killed-on-third-page-batch-5")]
    [InlineData("nothing-delivered-yet")]
    [InlineData("start-time-with-zone")]
    public async Task The_export_goes_on_where_upstream_stopped(string situation)
    {
        var id = TakeOver(situation);
        var end = await RunAsync();
        Assert.Equal(0, end.Exit);
        var after = GoldenData.Events.OrderBy(e => e.Time).ToList();
        Assert.Equal(after.Skip(after.FindIndex(e => e.Id == id) + 1).Select(Text).Order(), Delivered().Order());
    }

    [Fact]
    public async Task Sessions_go_on_at_the_index_upstream_had()
    {
        TakeOver("session-killed-at-index-4");
        var end = await RunAsync("--skip-session-types=");
        Assert.Equal(0, end.Exit);
        Differences.AssertHas("session-without-id");
        var recording = GoldenData.Recordings["d1104c80-e935-4a1d-a5f8-7551a50c0b95"];
        var posted = _desk.Receiver.Requests
            .Where(request => request.Target == "/session.d1104c80-e935-4a1d-a5f8-7551a50c0b95.log")
            .Select(request => (long)JsonNode.Parse(request.Text)!["ei"]!);
        Assert.Equal(recording.Where(e => e.Index >= 4).Select(e => e.Index), posted);
        Assert.DoesNotContain(_desk.Receiver.Requests, request => request.Target == "/session..log");
    }

    /// <summary>The rows of the capture: what part of the state was lost, and how many of the 24 matching events came again.</summary>
    [Theory]
    [InlineData("none", 12)]
    [InlineData("cursor emptied", 12)]
    [InlineData("id emptied", 14)]
    [InlineData("cursor replaced by an unknown text", 12)]
    [InlineData("start_time removed, same --start-time given", 12)]
    public async Task A_lost_part_of_the_state_costs_no_event(string change, int expected)
    {
        var golden = JsonNode.Parse(File.ReadAllText(GoldenData.PathOf("state-recovery.json")))!.AsArray().Single(row => (string)row!["change"]! == change)!;
        TakeOver((string)golden["start_from"]!);
        var state = _desk.StateOf(Storage);
        switch (change)
        {
            case "cursor emptied":
                File.WriteAllText(Path.Combine(state, "cursor"), "");
                break;
            case "id emptied":
                File.WriteAllText(Path.Combine(state, "id"), "");
                break;
            case "cursor replaced by an unknown text":
                File.WriteAllText(Path.Combine(state, "cursor"), "nobody-knows");
                break;
            case "start_time removed, same --start-time given":
                File.Delete(Path.Combine(state, "start_time"));
                break;
        }
        if (expected != (int)golden["requests"]!)
            Differences.AssertHas("cursor-file-lost");

        var end = await RunAsync("--types=role.created", "--start-time=2021-01-01T00:00:00Z", "--batch=5");

        Assert.Equal(0, end.Exit);
        Assert.Equal(expected, Delivered().Count);
    }

    [Theory]
    [InlineData("state-start-time-garbage", "garbage", 1)]
    [InlineData("state-start-time-newline", "2021-01-01T00:00:00Z\n", 0)]
    [InlineData("state-start-time-empty", "", 0)]
    public async Task A_start_time_file_edited_by_hand_is_read_with_care(string name, string content, int exit)
    {
        var golden = Transcript.Of("start-errors", name);
        if (golden.Exit != exit)
            Differences.AssertHas("start-time-white-space");
        Directory.CreateDirectory(_desk.StateOf(Storage));
        File.WriteAllText(Path.Combine(_desk.StateOf(Storage), "start_time"), content);
        var end = await RunAsync();
        Assert.Equal(exit, end.Exit);
        if (exit != 0)
            Assert.Contains("parsing time \"garbage\"", end.Log[^1].Message + string.Join(' ', end.Log[^1].Fields.Values), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bulk_position_of_newer_releases_is_taken_over()
    {
        var day = new DateOnly(2026, 11, 21);
        _desk.Cluster.HasExport = true;
        var events = GoldenData.Events.OrderBy(e => e.Time).Take(30).ToList();
        _desk.Cluster.Export.Add(day, "c1", events[..10]);
        _desk.Cluster.Export.Add(day, "c2", events[10..20]);
        _desk.Cluster.Export.Add(day, "c3", events[20..]);
        // Written by hand after the layout of cursor_v2: one chunk done, one begun, one not seen yet.
        var state = _desk.StateOf(Storage);
        Directory.CreateDirectory(Path.Combine(state, "cursor_v2", "2026-11-21"));
        File.WriteAllText(Path.Combine(state, "start_time"), "2026-11-21T00:00:00Z");
        File.WriteAllText(Path.Combine(state, "cursor_v2", "2026-11-21", "completed-chunks"), "c1\n");
        File.WriteAllText(Path.Combine(state, "cursor_v2", "2026-11-21", "c2.chunk"), "a1:3");

        var end = await RunAsync();

        Assert.Equal(0, end.Exit);
        Assert.Equal(events[14..].Select(Text).Order(), Delivered().Order());
    }

    [Fact]
    public async Task The_position_can_be_shown_and_written_back_for_upstream()
    {
        TakeOver("killed-on-third-page-batch-5");
        Assert.Equal(0, (await RunAsync()).Exit);
        string[] where = [$"--storage={Path.Combine(_desk.Dir, Storage)}", $"--teleport-addr={_desk.ClusterAddress}"];

        var show = await _desk.RunAsync(["state", "show", .. where]);
        Assert.Equal(0, show.Exit);
        Assert.Contains("2021-01-01T00:00:00Z", show.Output, StringComparison.Ordinal);
        var back = Path.Combine(_desk.Dir, "back");
        var export = await _desk.RunAsync(["state", "export-upstream", .. where, $"--out={back}"]);

        Assert.Equal(0, export.Exit);
        Assert.Equal("2021-01-01T00:00:00Z", File.ReadAllText(Path.Combine(back, "start_time")));
        // Neither id nor page key: upstream would skip by them what came late. The window begins before anything that may be missing.
        Assert.Equal("", File.ReadAllText(Path.Combine(back, "id")));
        var window = DateTimeOffset.Parse(File.ReadAllText(Path.Combine(back, "window_time")), System.Globalization.CultureInfo.InvariantCulture);
        Assert.InRange(window, new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero), GoldenData.Events.Max(e => e.Time.ToDateTimeOffset()));
    }

    /// <returns>The id of the last event that upstream delivered, or null.</returns>
    private string? TakeOver(string situation)
    {
        var to = Directory.CreateDirectory(_desk.StateOf(Storage)).FullName;
        foreach (var file in Directory.GetFiles(GoldenData.PathOf("state", situation)))
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        var id = Path.Combine(to, "id");
        return File.Exists(id) ? File.ReadAllText(id) : null;
    }

    private Task<ProgramEnd> RunAsync(params IEnumerable<string> further) => _desk.RunAsync([.. _desk.StartFlags(Storage), "--exit-on-last-event", .. further]);

    private List<string> Delivered() => [.. _desk.Receiver.Requests.Where(request => request.Target == "/test.log").Select(request => GoldenData.Event(request.Text).Unstructured.ToString())];

    private static string Text(Api.AuditLog.V1.EventUnstructured e) => e.Unstructured.ToString();
}
