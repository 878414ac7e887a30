using System.IO.Compression;
using System.Text;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Cluster.AuditLog;
using Gatehouse.Cluster.Storage;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Cluster.Tests;

public sealed class ImportTests
{
    private static readonly string EventsFile = Repository.PathOf("tests", "data", "real-events", "events.ndjson");
    private static readonly string RecordingsFile = Repository.PathOf("tests", "data", "real-events", "recordings.ndjson");

    [Fact]
    public async Task Bad_lines_are_reported_with_their_number_kept_aside_and_counted()
    {
        using var folder = new TemporaryFolder();
        var file = folder["events.log"];
        await File.WriteAllLinesAsync(file, [Text("e0"), "not json", "", Text("e1"), "{\"event\":\"x\"}", "{\"event\":\"x\",\"time\":\"2026-11-21T00:00:00Z\"} {}", Text("e2")], TestContext.Current.CancellationToken);
        var result = await ImportAsync(folder, file);
        Assert.Equal((3L, 0L, 3L), (result.Imported, result.Duplicates, result.Rejected));
        Assert.Equal([2L, 5L, 6L], result.FirstRejected.Select(r => r.Line));
        Assert.All(result.FirstRejected, r => Assert.Equal((file, true), (r.File, r.Reason.Length > 0)));
        var aside = await File.ReadAllLinesAsync(Assert.Single(result.RejectedFiles), TestContext.Current.CancellationToken);
        Assert.Equal(["not json", "{\"event\":\"x\"}", "{\"event\":\"x\",\"time\":\"2026-11-21T00:00:00Z\"} {}"], aside);
        await using var log = Some.Log(folder["data"]);
        Assert.Equal(["e0", "e1", "e2"], Some.Ids(log, Some.Search()));
    }

    [Theory]
    [InlineData(3 * 1024 * 1024 + 1)]
    [InlineData(4 * 1024 * 1024)]
    [InlineData(9 * 1024 * 1024 + 17)]
    public async Task A_line_too_long_to_take_is_kept_aside_whole(int length)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(length);
        var tooLong = string.Create(length, random, static (text, random) =>
        {
            foreach (ref var c in text)
                c = (char)random.Next(' ', '~');
        });
        foreach (var end in new[] { "\n", "" })
        {
            var file = folder[$"events{end.Length}.log"];
            await File.WriteAllTextAsync(file, Text($"a{end.Length}") + "\n" + tooLong + "\nnot json\n" + tooLong + end, TestContext.Current.CancellationToken);
            var result = await ImportAsync(folder, file);
            Assert.Equal((1L, 3L), (result.Imported, result.Rejected));
            Assert.Equal([2L, 3L, 4L], result.FirstRejected.Select(rejected => rejected.Line));
            Assert.True(await File.ReadAllTextAsync(Assert.Single(result.RejectedFiles), TestContext.Current.CancellationToken) == tooLong + "\nnot json\n" + tooLong + "\n");
        }
    }

    [Fact]
    public async Task A_second_import_of_a_grown_log_adds_only_what_is_new_whether_the_first_was_taken_over_or_not()
    {
        using var folder = new TemporaryFolder();
        var lines = await File.ReadAllLinesAsync(EventsFile, TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(folder["events.log"], lines.Take(400), TestContext.Current.CancellationToken);
        Assert.Equal(400, (await ImportAsync(folder, folder["events.log"])).Imported);
        await File.WriteAllLinesAsync(folder["events.log"], lines.Take(700), TestContext.Current.CancellationToken);
        var waiting = await ImportAsync(folder, folder["events.log"]);
        Assert.Equal((300L, 400L), (waiting.Imported, waiting.Duplicates));
        await using (Some.Log(folder["data"]))
            await File.WriteAllLinesAsync(folder["events.log"], lines, TestContext.Current.CancellationToken);
        var taken = await ImportAsync(folder, folder["events.log"]);
        Assert.Equal((lines.Length - 700L, 700L), (taken.Imported, taken.Duplicates));
        await using var log = Some.Log(folder["data"]);
        Assert.Equal(lines.Length, Some.Ids(log, Some.Search()).Count);
    }

    [Fact]
    public async Task Lines_out_of_order_and_times_of_any_precision_come_out_in_order()
    {
        using var folder = new TemporaryFolder();
        string[] times = ["2026-11-21T00:00:00.5Z", "2026-11-21T00:00:00.499999999Z", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00.4999999985Z", "2026-11-21T01:00:00.45+01:00"];
        await File.WriteAllLinesAsync(folder["events.log"], times.Select((time, i) => Encoding.UTF8.GetString(Some.Event($"e{i}", time))), TestContext.Current.CancellationToken);
        var result = await ImportAsync(folder, folder["events.log"]);
        // Ten digits are no time.
        Assert.Equal(4, Assert.Single(result.FirstRejected).Line);
        await using var log = Some.Log(folder["data"]);
        Assert.Equal(["e2", "e4", "e1", "e0"], Some.Ids(log, Some.Search()));
        var page = EventsUnstructured.Parser.ParseFrom(new EventSearch(log).Page(Some.Search(), TestContext.Current.CancellationToken).Span);
        Assert.Equal(499_999_999, page.Items[2].Time.Nanos);
    }

    [Fact]
    public async Task A_log_folder_is_read_with_its_links_and_packed_files_each_once()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["log", "host"]);
        await File.WriteAllTextAsync(folder["log", "host", "2026-11-21.00:00:00.log"], Text("e0") + "\r\n" + Text("e1"), TestContext.Current.CancellationToken);
        File.CreateSymbolicLink(folder["log", "events.log"], folder["log", "host", "2026-11-21.00:00:00.log"]);
        await using (var packed = new GZipStream(File.Create(folder["log", "host", "2026-11-20.00:00:00.log.gz"]), CompressionLevel.Fastest))
            await packed.WriteAsync(Encoding.UTF8.GetBytes(Text("e2") + "\n"), TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(folder["log", "host", "notes.txt"], "no log", TestContext.Current.CancellationToken);
        var result = await ImportAsync(folder, folder["log"]);
        Assert.Equal((3L, 0L, 0L), (result.Imported, result.Duplicates, result.Rejected));
    }

    [Fact]
    public async Task Recordings_are_taken_once_and_kept_in_order()
    {
        using var folder = new TemporaryFolder();
        var lines = (await File.ReadAllLinesAsync(RecordingsFile, TestContext.Current.CancellationToken)).ToList();
        await File.WriteAllLinesAsync(folder["first"], lines.Where((_, i) => i % 2 == 1), TestContext.Current.CancellationToken);
        await File.WriteAllLinesAsync(folder["second"], lines.AsEnumerable().Reverse(), TestContext.Current.CancellationToken);
        var first = await ImportAsync(folder, [], folder["first"]);
        var second = await ImportAsync(folder, [], folder["second"]);
        var third = await ImportAsync(folder, [], folder["second"]);
        Assert.Equal((lines.Count / 2L, 22), (first.RecordingEvents, second.Recordings));
        Assert.Equal(lines.Count - lines.Count / 2L, second.RecordingEvents);
        Assert.Equal((0L, 0L), (third.RecordingEvents, third.Rejected));
        var store = new RecordingStore(DataDirectory.Open(folder["data"]));
        foreach (var path in Directory.GetFiles(folder["data", "recordings"]))
        {
            var indexes = new List<long>();
            await store.StreamAsync(
                Path.GetFileNameWithoutExtension(path), 0,
                message =>
                {
                    indexes.Add(EventUnstructured.Parser.ParseFrom(message.Span).Index);
                    return ValueTask.CompletedTask;
                },
                TestContext.Current.CancellationToken);
            Assert.Equal(indexes.Order(), indexes);
        }
    }

    [Fact]
    public async Task A_session_id_that_is_no_file_name_is_rejected()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllLinesAsync(folder["r"], ["{\"sid\":\"../../etc/passwd\",\"event\":" + Text("e") + "}", "{\"sid\":\"a\"}", "{\"event\":{}}"], TestContext.Current.CancellationToken);
        var result = await ImportAsync(folder, [], folder["r"]);
        Assert.Equal((3L, 0L), (result.Rejected, result.RecordingEvents));
    }

    [Fact]
    public async Task Progress_ends_at_all_bytes_and_all_events()
    {
        using var folder = new TemporaryFolder();
        var told = new List<ImportProgress>();
        await AuditLogImporter.RunAsync(new ImportRequest { DataDir = folder["data"], Files = [EventsFile], ClusterName = "c" }, new Collect(told), TestContext.Current.CancellationToken);
        Assert.Equal((new FileInfo(EventsFile).Length, new FileInfo(EventsFile).Length, 1017L), (told[^1].BytesRead, told[^1].BytesTotal, told[^1].Imported));
    }

    private static string Text(string uid) => Encoding.UTF8.GetString(Some.Event(uid, "2026-11-21T00:00:00Z"));

    private static Task<ImportResult> ImportAsync(TemporaryFolder folder, string file) => ImportAsync(folder, [file], null);

    private static Task<ImportResult> ImportAsync(TemporaryFolder folder, string[] files, string? recordings) => AuditLogImporter.RunAsync(
        new ImportRequest { DataDir = folder["data"], Files = files, Recordings = recordings is null ? [] : [recordings], ClusterName = "c" },
        null, TestContext.Current.CancellationToken);

    private sealed class Collect(List<ImportProgress> told) : IProgress<ImportProgress>
    {
        public void Report(ImportProgress value) => told.Add(value);
    }
}
