using Gatehouse.Cluster.AuditLog;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

/// <summary>What a crash may leave of the log, byte by byte.</summary>
public sealed class EventLogCrashTests
{
    private static readonly DateOnly Day = new(2026, 11, 21);

    [Fact]
    public async Task Cut_at_any_byte_the_open_segment_keeps_every_event_whose_line_is_whole()
    {
        using var folder = new TemporaryFolder();
        await using var log = Some.Log(folder["live"]);
        var ends = new List<long>();
        for (var i = 0; i < 3; i++)
        {
            await log.AppendAsync(Some.Event($"e{i}", $"2026-11-21T00:00:0{i}Z"), TestContext.Current.CancellationToken);
            // Acknowledged means on disk: this is what a crash here would leave.
            ends.Add(new FileInfo(Lines(folder["live"])).Length);
        }
        var bytes = await File.ReadAllBytesAsync(Lines(folder["live"]), TestContext.Current.CancellationToken);
        Assert.Equal(ends[^1], bytes.Length);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var copy = folder[$"cut-{cut}"];
            Directory.CreateDirectory(Path.Combine(copy, "log", "2026-11-21"));
            await File.WriteAllBytesAsync(Path.Combine(copy, "log", "2026-11-21", Path.GetFileName(Lines(folder["live"]))), bytes[..cut], TestContext.Current.CancellationToken);
            var whole = ends.Count(end => end <= cut);
            await using var again = Some.Log(copy);
            Assert.Equal(Enumerable.Range(0, whole).Select(i => $"e{i}"), Some.Ids(again, Some.Search()));
            Assert.Equal(Enumerable.Range(0, whole).Select(i => $"e{i}"), (await Some.ExportAsync(again, Day)).Select(e => e.Id));
            Directory.Delete(copy, recursive: true);
        }
    }

    [Theory]
    [InlineData(".idx")]
    [InlineData(".pb")]
    public async Task Derived_files_that_are_cut_damaged_or_gone_are_made_again(string extension)
    {
        using var folder = new TemporaryFolder();
        await using (var log = Some.Log(folder["data"]))
        {
            for (var i = 0; i < 3; i++)
                await log.AppendAsync(Some.Event($"e{i}", $"2026-11-21T00:00:0{i}Z"), TestContext.Current.CancellationToken);
        }
        var path = Path.ChangeExtension(Lines(folder["data"]), extension);
        var good = await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken);
        for (var cut = 0; cut < good.Length; cut += 7)
        {
            await File.WriteAllBytesAsync(path, good[..cut], TestContext.Current.CancellationToken);
            await using var log = Some.Log(folder["data"]);
            Assert.Equal(3, (await Some.ExportAsync(log, Day)).Count);
            Assert.Equal(good, await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken));
        }
        File.Delete(path);
        await using var last = Some.Log(folder["data"]);
        Assert.Equal(["e0", "e1", "e2"], Some.Ids(last, Some.Search()));
    }

    [Fact]
    public async Task A_line_that_is_no_event_stays_in_the_file_and_hides_nothing_else()
    {
        using var folder = new TemporaryFolder();
        await using (var log = Some.Log(folder["data"]))
            await log.AppendAsync(Some.Event("e0", "2026-11-21T00:00:00Z"), TestContext.Current.CancellationToken);
        var lines = Lines(folder["data"]);
        await File.AppendAllTextAsync(lines, "{\"broken\n", TestContext.Current.CancellationToken);
        await File.AppendAllLinesAsync(lines, [System.Text.Encoding.UTF8.GetString(Some.Event("e1", "2026-11-21T00:00:01Z"))], TestContext.Current.CancellationToken);
        await using var again = Some.Log(folder["data"]);
        Assert.Equal(["e0", "e1"], Some.Ids(again, Some.Search()));
        Assert.Contains("{\"broken", await File.ReadAllTextAsync(lines, TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_segment_handed_in_by_another_process_is_taken_over_once_even_when_the_takeover_was_cut_short()
    {
        using var folder = new TemporaryFolder();
        await RunningCluster.SignAsync(folder["data"], "teleport-event-handler", Auth.CredentialFormat.File);
        // Cut short: the derived files went ahead, the lines did not.
        var incoming = Directory.GetFiles(folder["data", "log", "incoming"], "*.pb").Single();
        var day = Directory.CreateDirectory(folder["data", "log", DateTime.UtcNow.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture)]);
        File.Move(incoming, Path.Combine(day.FullName, "20261121T000000000.pb"));
        await using (var log = Some.Log(folder["data"]))
            Assert.Single(Some.Ids(log, Some.Search()));
        await using var again = Some.Log(folder["data"]);
        Assert.Single(Some.Ids(again, Some.Search()));
        Assert.Empty(Directory.GetFiles(folder["data", "log", "incoming"]));
        Assert.Single(Directory.GetFiles(day.FullName, "*.pb"));
    }

    [Fact]
    public async Task What_a_killed_command_left_half_written_is_removed_when_it_is_a_day_old_and_no_sooner()
    {
        using var folder = new TemporaryFolder();
        await RunningCluster.SignAsync(folder["data"], "teleport-event-handler", Auth.CredentialFormat.File);
        var incoming = folder["data", "log", "incoming"];
        string[] left = [Path.Combine(incoming, ".2026-11-21.a.ndjson.b.tmp"), Path.Combine(incoming, "2026-11-21.a.pb"), folder["data", "recordings", ".s.ndjson.c.tmp"]];
        foreach (var path in left)
            await File.WriteAllTextAsync(path, "half", TestContext.Current.CancellationToken);
        await (await RunningCluster.StartAsync(folder["data"])).DisposeAsync();
        Assert.All(left, path => Assert.True(File.Exists(path), path));

        foreach (var path in left)
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow.AddDays(-2));
        await (await RunningCluster.StartAsync(folder["data"])).DisposeAsync();
        Assert.All(left, path => Assert.False(File.Exists(path), path));
        await using var log = Some.Log(folder["data"]);
        Assert.Single(Some.Ids(log, Some.Search()));
    }

    private static string Lines(string data) => Directory.GetFiles(Path.Combine(data, "log", "2026-11-21"), "*.ndjson").Single();
}
