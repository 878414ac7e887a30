using System.Text;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

public sealed class DeadLetterFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("gatehouse-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));

    private string FilePath => Path.Combine(_directory, "dead-letters.ndjson");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_line_tells_when_why_where_to_and_what()
    {
        using var file = DeadLetterFile.Open(_directory, _time);
        using var batch = OutputRig.Batch("{\"event\":\"a\",\"s\":\"<ü>\\n\",\"n\":1.50}", "{\"event\":\"b\"}");
        await file.AppendAsync(new EventSlice(batch, 0, 1), Destination.Audit, "HTTP 400: \"no\"", 400, Stop);
        await file.AppendAsync(new EventSlice(batch, 1, 1), Destination.Session("sid-1"), "too large", null, Stop);
        await file.AppendRecordingAsync("sid-2", 17, "not found", Stop);
        await file.AppendBytesAsync(new byte[] { 1, 2, 3 }, Destination.Session("sid-3"), "cut off", Stop);
        Assert.Equal(
            [
                """{"time":"2026-11-20T10:00:00.000Z","reason":"HTTP 400: \"no\"","status":400,"destination":"audit","event":{"event":"a","s":"<ü>\n","n":1.50}}""",
                """{"time":"2026-11-20T10:00:00.000Z","reason":"too large","destination":"session","sid":"sid-1","event":{"event":"b"}}""",
                """{"time":"2026-11-20T10:00:00.000Z","reason":"not found","destination":"session","sid":"sid-2","recording":{"next_index":17}}""",
                """{"time":"2026-11-20T10:00:00.000Z","reason":"cut off","destination":"session","sid":"sid-3","message":"AQID"}""",
            ],
            await File.ReadAllLinesAsync(FilePath, Stop));
        Assert.Equal(4, file.Count);
    }

    [Fact]
    public async Task What_was_written_is_read_back()
    {
        using (var file = DeadLetterFile.Open(_directory, _time))
        {
            using var batch = OutputRig.Batch("""{"nested":{"event":"no"},"event":"user.login","x":[1,{"event":"no"}]}""");
            await file.AppendAsync(new EventSlice(batch, 0, 1), Destination.Session("s"), "r", 422, Stop);
            await file.AppendRecordingAsync("t", 1, "gone", Stop);
        }
        var letters = await ReadAsync();
        Assert.Equal([DeadLetterKind.Event, DeadLetterKind.Recording], letters.Select(letter => letter.Kind));
        var first = letters[0];
        Assert.Equal(("r", 422, "s", "user.login"), (first.Reason, first.Status, first.SessionId, first.EventType));
        Assert.Equal("""{"nested":{"event":"no"},"event":"user.login","x":[1,{"event":"no"}]}""", Encoding.UTF8.GetString(first.Event.Span));
    }

    [Fact]
    public async Task A_line_cut_off_at_any_byte_hides_no_other()
    {
        using (var file = DeadLetterFile.Open(_directory, _time))
        {
            using var batch = OutputRig.Batch("""{"event":"a"}""", """{"event":"b"}""");
            await file.AppendAsync(new EventSlice(batch, 0, 2), Destination.Audit, "r", 400, Stop);
        }
        var whole = await File.ReadAllBytesAsync(FilePath, Stop);
        var firstLine = Array.IndexOf(whole, (byte)'\n') + 1;
        for (var length = firstLine; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(FilePath, whole[..length], Stop);
            using var file = DeadLetterFile.Open(_directory, _time);
            using var batch = OutputRig.Batch("""{"event":"c"}""");
            await file.AppendAsync(new EventSlice(batch, 0, 1), Destination.Audit, "r", 400, Stop);
            var types = (await ReadAsync()).Where(letter => letter.Kind == DeadLetterKind.Event).Select(letter => letter.EventType);
            Assert.Equal(length < whole.Length - 1 ? ["a", "c"] : ["a", "b", "c"], types);
        }
    }

    [Theory]
    [InlineData("rubbish")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"time":"2026-11-20T10:00:00Z","reason":"r","destination":"session","event":{}}""")]
    [InlineData("""{"time":"never","reason":"r","destination":"audit","event":{}}""")]
    [InlineData("""{"time":"2026-11-20T10:00:00Z","reason":"r","destination":"audit","event":"text"}""")]
    [InlineData("""{"time":"2026-11-20T10:00:00Z","reason":"r","destination":"audit","event":{"a":1}""")]
    [InlineData("""{"time":"2026-11-20T10:00:00Z","reason":"r","destination":"audit","event":{}} x""")]
    [InlineData("\0\0\0\0")]
    public async Task A_line_that_cannot_be_read_is_said_to_be_damaged(string line)
    {
        await File.WriteAllTextAsync(FilePath, line + "\n", Stop);
        Assert.Equal(DeadLetterKind.Damaged, Assert.Single(await ReadAsync()).Kind);
    }

    [Fact]
    public async Task Concurrent_appends_do_not_mix()
    {
        using var one = DeadLetterFile.Open(_directory, TimeProvider.System);
        using var two = DeadLetterFile.Open(_directory, TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 40).Select(async n =>
        {
            using var batch = OutputRig.Batch($"{{\"event\":\"e{n}\",\"pad\":\"{new string('x', 5000)}\"}}");
            await (n % 2 == 0 ? one : two).AppendAsync(new EventSlice(batch, 0, 1), Destination.Audit, "r", 400, Stop);
        }));
        var letters = await ReadAsync();
        Assert.Equal(40, letters.Select(letter => letter.EventType).Distinct().Count());
        Assert.All(letters, letter => Assert.Equal(DeadLetterKind.Event, letter.Kind));
    }

    [Fact]
    public async Task A_directory_that_cannot_be_written_is_an_io_error()
    {
        using var file = DeadLetterFile.Open(Path.Combine(_directory, "absent"), _time);
        using var batch = OutputRig.Batch("{}");
        await Assert.ThrowsAnyAsync<IOException>(() => file.AppendAsync(new EventSlice(batch, 0, 1), Destination.Audit, "r", 400, Stop).AsTask());
        Assert.Equal(0, file.Count);
    }

    [Fact]
    public void What_cannot_be_appended_to_is_said_at_the_start()
    {
        Directory.CreateDirectory(FilePath);
        Assert.Throws<UnauthorizedAccessException>(() => DeadLetterFile.Open(_directory, _time));
    }

    [Fact]
    public async Task A_replay_sends_each_event_where_it_belonged_and_removes_what_was_delivered()
    {
        await FillAsync();
        await using var rig = OutputRig.With(ReceiverAnswer.Ok, ReceiverAnswer.Status(400), ReceiverAnswer.Ok);
        var result = await DeadLetterReplay.RunAsync(_directory, rig.Output, null, TimeProvider.System, Stop);
        Assert.Equal((2, 1, 1, 1, 0), (result.Delivered, result.RefusedAgain, result.HandedBack, result.NotTried, result.Left));
        Assert.Equal(
            [("/test.log", """{"event":"a"}"""), ("/session.s.log", """{"event":"b"}"""), ("/test.log", """{"event":"c"}""")],
            rig.Receiver.Requests.Select(request => (request.Target, request.Text)));
        Assert.Equal(["b", ""], (await ReadAsync()).Select(letter => letter.EventType));
        Assert.Equal(["dead-letters.lock", "dead-letters.ndjson", "recordings-again.ndjson"], Directory.GetFiles(_directory).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_replay_into_a_receiver_in_trouble_stops_and_keeps_the_rest()
    {
        await FillAsync();
        await using var rig = OutputRig.With(ReceiverAnswer.Ok, ReceiverAnswer.Status(503));
        var result = await DeadLetterReplay.RunAsync(_directory, rig.Output, null, TimeProvider.System, Stop);
        Assert.Equal((1, 2), (result.Delivered, result.Left));
        Assert.Contains("503", result.Trouble, StringComparison.Ordinal);
        Assert.Equal(2, rig.Receiver.Requests.Count);
        Assert.Equal(["b", "c", ""], (await ReadAsync()).Select(letter => letter.EventType));
    }

    [Fact]
    public async Task Only_selected_letters_are_replayed()
    {
        await FillAsync();
        await using var rig = OutputRig.With(ReceiverAnswer.Ok);
        var result = await DeadLetterReplay.RunAsync(_directory, rig.Output, letter => letter.EventType == "c", TimeProvider.System, Stop);
        Assert.Equal((1, 4), (result.Delivered, result.NotTried));
        Assert.Equal("""{"event":"c"}""", Assert.Single(rig.Receiver.Requests).Text);
    }

    [Fact]
    public async Task A_letter_that_arrives_during_a_replay_is_not_lost()
    {
        await FillAsync();
        await using var rig = OutputRig.With(ReceiverAnswer.Ok);
        using var file = DeadLetterFile.Open(_directory, TimeProvider.System);
        using var batch = OutputRig.Batch("""{"event":"late"}""");
        var output = new Intervening(rig.Output, () => file.AppendAsync(new EventSlice(batch, 0, 1), Destination.Audit, "r", 400, Stop));
        var result = await DeadLetterReplay.RunAsync(_directory, output, null, TimeProvider.System, Stop);
        Assert.Equal(3, result.Delivered);
        Assert.Equal(3, (await ReadAsync()).Count(letter => letter.EventType == "late"));
    }

    [Fact]
    public async Task A_replay_that_was_killed_is_taken_up_by_the_next()
    {
        await FillAsync();
        File.Move(FilePath, Path.Combine(_directory, "dead-letters.replay.ndjson"));
        await File.WriteAllTextAsync(Path.Combine(_directory, "dead-letters.staying.ndjson"), "half a li", Stop);
        await using var rig = OutputRig.With(ReceiverAnswer.Ok);
        var result = await DeadLetterReplay.RunAsync(_directory, rig.Output, null, TimeProvider.System, Stop);
        Assert.Equal((3, 1), (result.Delivered, result.HandedBack));
        Assert.Single(await ReadAsync());
    }

    [Fact]
    public async Task A_second_replay_is_refused_while_one_is_at_work_and_nobody_else_can_read_what_stays()
    {
        await FillAsync();
        await using var rig = OutputRig.With(ReceiverAnswer.Ok);
        var staying = Path.Combine(_directory, "dead-letters.staying.ndjson");
        var output = new Intervening(rig.Output, async () =>
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(staying));
            var refusal = await Assert.ThrowsAsync<IOException>(() => DeadLetterReplay.RunAsync(_directory, rig.Output, null, TimeProvider.System, Stop));
            Assert.Contains("another replay is at work", refusal.Message, StringComparison.Ordinal);
        });
        await File.WriteAllTextAsync(staying, "left by a killed one", Stop);
        File.SetUnixFileMode(staying, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        var result = await DeadLetterReplay.RunAsync(_directory, output, null, TimeProvider.System, Stop);
        Assert.Equal(3, result.Delivered);
        Assert.Equal(3, rig.Receiver.Requests.Count);
        Assert.Single(await ReadAsync());
    }

    /// <summary>Two events, a given-up recording, another event, and a damaged line.</summary>
    private async Task FillAsync()
    {
        using var file = DeadLetterFile.Open(_directory, _time);
        using var batch = OutputRig.Batch("""{"event":"a"}""", """{"event":"b"}""", """{"event":"c"}""");
        await file.AppendAsync(new EventSlice(batch, 0, 1), Destination.Audit, "r", 400, Stop);
        await file.AppendAsync(new EventSlice(batch, 1, 1), Destination.Session("s"), "r", 400, Stop);
        await file.AppendRecordingAsync("t", 1, "gone", Stop);
        await file.AppendAsync(new EventSlice(batch, 2, 1), Destination.Audit, "r", 400, Stop);
        await File.AppendAllTextAsync(FilePath, "{\"time\":", Stop);
    }

    private async Task<List<DeadLetter>> ReadAsync()
    {
        var letters = new List<DeadLetter>();
        await foreach (var letter in DeadLetterFile.ReadAsync(FilePath, Stop))
            letters.Add(letter);
        return letters;
    }

    private sealed class Intervening(IDurableOutput inner, Func<ValueTask> before) : IDurableOutput
    {
        public OutputLimits Limits => inner.Limits;

        public async Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation)
        {
            await before();
            return await inner.SendAsync(slice, destination, cancellation);
        }
    }
}
