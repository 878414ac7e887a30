using System.Collections.Concurrent;
using Gatehouse.Api.AuditLog;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.State;
using Gatehouse.EventHandler.Tests.Pipeline;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sessions;

public sealed class SessionTests : IAsyncLifetime
{
    private static readonly DateTime Uploaded = new(2026, 11, 21, 12, 0, 0, DateTimeKind.Utc);

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(Uploaded));
    private readonly RememberingOutput _output = new();
    private readonly PipelineMetrics _metrics;
    private ScriptedCluster _cluster = null!;
    private GrpcChannel _channel = null!;

    public SessionTests() => _metrics = new PipelineMetrics(_time);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _cluster = await ScriptedCluster.StartAsync();
        _channel = _cluster.OpenChannel();
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _cluster.DisposeAsync();
        _metrics.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_recording_is_streamed_in_order_without_the_types_nobody_wants()
    {
        AddRecording("s1", "session.start", "print", "resize", "print", "session.end");
        await using var run = await StartAsync(maxEvents: 1);
        run.Sessions.Enqueue("s1", Uploaded);
        await run.Sessions.WhenIdleAsync(Cancellation);
        Assert.Equal(["s1-0", "s1-2", "s1-4"], _output.Of("s1"));
        await run.StopAsync();
        Assert.Empty(run.Checkpoint.State.Sessions);
    }

    [Fact]
    public async Task The_events_of_recordings_are_counted_by_type_like_those_of_the_log()
    {
        using var counts = new EventCounts(_metrics);
        AddRecording("s1", "session.start", "print", "resize", "print", "session.end");
        await using var run = await StartAsync();
        run.Sessions.Enqueue("s1", Uploaded);
        await run.Sessions.WhenIdleAsync(Cancellation);
        await run.StopAsync();
        Assert.Equal(["resize session 1", "session.end session 1", "session.start session 1"], counts.Of("read"));
        Assert.Equal(["print session 2"], counts.Of("filtered"));
        Assert.Equal(counts.Of("read"), counts.Of("sent"));
    }

    [Fact]
    public async Task A_restart_goes_on_behind_the_last_delivered_event()
    {
        AddRecording("s1", [.. Enumerable.Repeat("exec", 10)]);
        _output.HoldAt("s1-6");
        await using (var run = await StartAsync(maxEvents: 1))
        {
            await CommitAsync(run, new StateChange.SessionQueued("s1", Uploaded));
            run.Sessions.Enqueue("s1", Uploaded);
            await _output.Held.WaitAsync(Cancellation);
            await run.StopAsync();
            Assert.Equal(6, run.Checkpoint.State.Sessions["s1"].NextIndex);
        }
        _output.Release();
        await using var again = await StartAsync(maxEvents: 1);
        again.Sessions.Restore(again.Checkpoint.State);
        await again.Sessions.WhenIdleAsync(Cancellation);
        Assert.Equal([.. Enumerable.Range(0, 10).Select(i => $"s1-{i}")], _output.Of("s1"));
    }

    [Fact]
    public async Task A_missing_recording_comes_back_after_a_restart_and_is_given_up_in_the_end()
    {
        await using (var run = await StartAsync())
        {
            run.Sessions.Enqueue("gone", Uploaded.AddHours(-47));
            await run.Sessions.WhenIdleAsync(Cancellation);
            await run.StopAsync();
            Assert.Equal(1, run.Checkpoint.State.Missing["gone"].Attempts);
        }
        await using var again = await StartAsync();
        again.Sessions.Restore(again.Checkpoint.State);
        while (again.DeadLetters.Count == 0)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
            await Task.Delay(1, Cancellation);
        }
        Assert.True(_time.GetUtcNow().UtcDateTime >= Uploaded.AddHours(1), "given up before its 48 hours");
        await again.StopAsync();
        Assert.Empty(again.Checkpoint.State.Missing);
        Assert.Contains("\"recording\"", await File.ReadAllTextAsync(again.DeadLetters.Path, Cancellation));
    }

    [Fact]
    public async Task A_recording_that_turns_up_late_is_streamed()
    {
        await using var run = await StartAsync();
        run.Sessions.Enqueue("late", Uploaded);
        await run.Sessions.WhenIdleAsync(Cancellation);
        AddRecording("late", "session.start", "session.end");
        while (_output.Of("late").Count < 2)
        {
            _time.Advance(TimeSpan.FromSeconds(20));
            await Task.Delay(1, Cancellation);
        }
        Assert.Equal(["late-0", "late-1"], _output.Of("late"));
        await run.StopAsync();
    }

    [Fact]
    public async Task Too_many_waiting_recordings_hold_the_audit_log_back()
    {
        AddRecording("held", "exec");
        _output.HoldAt("held-0");
        await using var run = await StartAsync(concurrency: 1);
        run.Sessions.Enqueue("held", Uploaded);
        for (var i = 0; i < 15; i++)
        {
            AddRecording($"w{i}", "exec");
            run.Sessions.Enqueue($"w{i}", Uploaded);
        }
        var room = run.Sessions.WaitForRoomAsync(Cancellation);
        Assert.False(room.IsCompleted);
        _output.Release();
        while (!room.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(1, Cancellation);
        }
        await run.Sessions.WhenIdleAsync(Cancellation);
        Assert.Equal(16, _output.Count);
        await run.StopAsync();
    }

    [Fact]
    public async Task Sessions_beside_a_missing_one_are_not_held_up()
    {
        AddRecording("there", "exec");
        await using var run = await StartAsync(concurrency: 1);
        run.Sessions.Enqueue("gone", Uploaded);
        run.Sessions.Enqueue("there", Uploaded);
        await run.Sessions.WhenIdleAsync(Cancellation);
        Assert.Equal(["there-0"], _output.Of("there"));
        await run.StopAsync();
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(3, 9)]
    [InlineData(4, 27)]
    [InlineData(5, 60)]
    [InlineData(40, 60)]
    public void The_pauses_grow_to_an_hour(int attempts, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), MissingRecordings.Pause(attempts));

    private void AddRecording(string id, params string[] types) =>
        _cluster.AddRecording(id, types.Select((type, i) => ScriptedEvents.Make($"{id}-{i}", Uploaded.AddSeconds(i), type, index: i)));

    private static Task CommitAsync(Run run, StateChange change) => run.Writer.AddAndWaitAsync(change);

    private async Task<Run> StartAsync(int concurrency = 2, int maxEvents = 100)
    {
        var checkpoint = Checkpoint.Open(_folder["state"], _time);
        var deadLetters = await DeadLetterFile.OpenAsync(_folder["state"], _time, Cancellation);
        return new Run(this, checkpoint, deadLetters, concurrency, maxEvents);
    }

    private sealed class Run : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Courier _courier;
        private readonly Task _sessions;
        private readonly Task _writing;

        public Run(SessionTests test, Checkpoint checkpoint, DeadLetterFile deadLetters, int concurrency, int maxEvents)
        {
            var log = NullLogger.Instance;
            var desk = new DeadLetterDesk(deadLetters, test._metrics, test._time, log);
            (Checkpoint, DeadLetters) = (checkpoint, deadLetters);
            test._output.Limits = new OutputLimits(maxEvents, int.MaxValue, 10);
            Writer = new CheckpointWriter(checkpoint, test._metrics, test._time, log);
            _courier = new Courier(test._output, new RetrySchedule(), desk, test._metrics, test._time, log);
            var streamer = new SessionStreamer(
                new AuditLogClient(test._channel).SessionEventsAsync, new HashSet<string> { "print" }, _courier, test._output.Limits, desk, Writer, test._metrics, test._time, log);
            Sessions = new SessionExporter(concurrency, streamer, new MissingRecordings(desk, Writer, test._time, log), Writer, test._metrics, log);
            _sessions = Sessions.RunAsync(_stop.Token, Cancellation);
            _writing = Writer.RunAsync(Cancellation);
        }

        public Checkpoint Checkpoint { get; }

        public DeadLetterFile DeadLetters { get; }

        public CheckpointWriter Writer { get; }

        public SessionExporter Sessions { get; }

        /// <summary>Stops as the process does: what is on its way may arrive, then the last progress becomes durable.</summary>
        public async Task StopAsync()
        {
            await _stop.CancelAsync();
            await _sessions;
            Writer.Complete();
            await _writing;
        }

        public async ValueTask DisposeAsync()
        {
            await Checkpoint.DisposeAsync();
            DeadLetters.Dispose();
            _courier.Dispose();
            _stop.Dispose();
        }
    }

    /// <summary>Takes everything, in memory; has no room for one event until told.</summary>
    private sealed class RememberingOutput : IDurableOutput
    {
        private readonly ConcurrentDictionary<string, List<string>> _taken = new();
        private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private string? _holdAt;

        public OutputLimits Limits { get; set; } = new(100, int.MaxValue, 10);

        public Task Held => _held.Task;

        public int Count => _taken.Values.Sum(ids => ids.Count);

        public void HoldAt(string id) => _holdAt = id;

        public void Release() => _holdAt = null;

        public IReadOnlyList<string> Of(string sessionId)
        {
            if (!_taken.TryGetValue(sessionId, out var ids))
                return [];
            lock (ids)
                return [.. ids];
        }

        public async Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation)
        {
            var ids = Enumerable.Range(slice.Start, slice.Count).Select(i => slice.Batch.TextString(slice.Batch[i].Id)).ToList();
            if (_holdAt is { } wanted && ids.Contains(wanted))
            {
                _held.TrySetResult();
                return new Verdict.TryAgain("held");
            }
            await Task.Yield();
            var taken = _taken.GetOrAdd(destination.SessionId!, _ => []);
            lock (taken)
                taken.AddRange(ids);
            return Verdict.Delivered.Instance;
        }
    }
}
