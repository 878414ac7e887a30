using System.Threading.Channels;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sessions;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>The exporter when one of its steps fails: it ends, says why, and lets nothing pass the checkpoint that was not settled.</summary>
public sealed class ExporterTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly PipelineMetrics _metrics = new(TimeProvider.System);
    private Checkpoint _checkpoint = null!;
    private DeadLetterFile _deadLetters = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync()
    {
        _checkpoint = Checkpoint.Open(_folder["state"], TimeProvider.System);
        _deadLetters = DeadLetterFile.Open(_folder["state"], TimeProvider.System);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _checkpoint.DisposeAsync();
        _deadLetters.Dispose();
        _metrics.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task An_output_that_breaks_ends_the_export_even_with_a_full_queue_before_it()
    {
        var output = new BreakingOutput();
        var failure = await Assert.ThrowsAsync<InvalidDataException>(() => RunAsync(new ListSource(Batches(3, events: 1000)), output));
        Assert.Equal("broken", failure.Message);
        Assert.Null(_checkpoint.State.Paged.Newest);
    }

    [Fact]
    public async Task A_source_that_gives_up_is_told_while_the_receiver_takes_nothing()
    {
        var failure = await Assert.ThrowsAsync<SourceException>(() =>
            RunAsync(new ListSource(Batches(1, events: 2), new SourceException("access denied")), new RefusingOutput()));
        Assert.Equal("access denied", failure.Message);
    }

    [Fact]
    public async Task What_is_settled_in_order_is_in_the_checkpoint_at_the_end()
    {
        await RunAsync(new ListSource(Batches(20, events: 7)), new TakingOutput());
        Assert.Equal(Moment(19), _checkpoint.State.Paged.Newest);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(1)]
    public async Task A_run_of_refused_events_longer_than_there_are_requests_in_flight_is_set_aside(int maxInFlight)
    {
        var output = new AnsweringOutput { Limits = new OutputLimits(1, int.MaxValue, maxInFlight) };
        output.RefusePoison();
        string[] types = ["fine", .. Enumerable.Repeat("poison", maxInFlight + 1), "fine", "fine"];
        await RunAsync(new ListSource([Batch(0, types)]), output);
        Assert.Equal(maxInFlight + 1, _deadLetters.Count);
        Assert.Equal(3, output.Delivered.Count);
        Assert.Equal(Moment(0), _checkpoint.State.Paged.Newest);
    }

    [Fact]
    public async Task A_run_of_refused_events_right_after_the_start_is_set_aside_as_well()
    {
        var output = new AnsweringOutput { Limits = new OutputLimits(1, int.MaxValue, 2) };
        output.RefusePoison();
        await RunAsync(new ListSource([Batch(0, "poison", "poison", "poison", "fine")]), output);
        Assert.Equal(3, _deadLetters.Count);
    }

    [Fact]
    public async Task A_half_that_is_held_has_ended_before_its_bytes_are_reused_when_the_other_half_fails()
    {
        var gate = new TaskCompletionSource();
        var triedAgain = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        var batch = Batch(0, "poison", "fine");
        var eventsThere = -1;
        var tries = 0;
        var output = new AnsweringOutput
        {
            Limits = new OutputLimits(2, int.MaxValue, 2),
            Pause = async slice =>
            {
                if (slice.Count == 1 && slice.Start == 0 && Interlocked.Increment(ref tries) == 2)
                {
                    triedAgain.SetResult();
                    await gate.Task;
                    eventsThere = slice.Batch.Count;
                }
                if (slice.Start == 1)
                    await triedAgain.Task;
            },
            Answer = (slice, _) => slice switch
            {
                { Count: 2 } => new Verdict.TooLarge("HTTP 413"),
                { Start: 0 } => new Verdict.Refused("HTTP 400", 400),
                _ => throw new InvalidDataException("broken"),
            },
        };
        var running = RunAsync(new EndlessSource(batch, stopped), output);
        await stopped.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        for (var i = 0; i < 10_000 && !running.IsCompleted; i++)
            await Task.Yield();
        gate.SetResult();
        await Assert.ThrowsAsync<InvalidDataException>(() => running);
        Assert.Equal(2, eventsThere);
        Assert.Equal(0, batch.Events.Count);
    }

    [Fact]
    [Trait("Difference", "last-event-refused")]
    public async Task When_all_is_read_and_the_receiver_refuses_the_rest_the_run_ends_and_gives_nothing_up()
    {
        var output = new AnsweringOutput { Limits = new OutputLimits(1, int.MaxValue, 2), Answer = (_, _) => new Verdict.Refused("HTTP 400", 400) };
        var clock = new FakeTimeProvider();
        var running = RunAsync(new ListSource(Batches(1, events: 5)), output, clock);
        while (!running.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        var failure = await Assert.ThrowsAsync<ReceiverException>(() => running);
        Assert.Contains("HTTP 400", failure.Message, StringComparison.Ordinal);
        Assert.Equal(0, _deadLetters.Count);
        Assert.Null(_checkpoint.State.Paged.Newest);
    }

    [Fact]
    [Trait("Difference", "last-event-refused")]
    public async Task An_outage_at_the_end_is_waited_for_even_when_it_began_with_refusals()
    {
        var output = new AnsweringOutput
        {
            Limits = new OutputLimits(1, int.MaxValue, 2),
            Answer = (_, requests) => requests switch
            {
                1 => new Verdict.Refused("HTTP 400", 400),
                2 => new Verdict.TryAgain("HTTP 503", TimeSpan.FromMinutes(10), 503),
                _ => Verdict.Delivered.Instance,
            },
        };
        var clock = new WatchedClock();
        var running = RunAsync(new ListSource(Batches(1, events: 1)), output, clock);
        clock.Advance(await clock.Pauses.ReadAsync(Cancellation));
        var outage = await clock.Pauses.ReadAsync(Cancellation);
        Assert.True(outage >= TimeSpan.FromMinutes(10));
        clock.Advance(outage);
        await running;
        Assert.Single(output.Delivered);
        Assert.Equal(0, _deadLetters.Count);
        Assert.Equal(Moment(0), _checkpoint.State.Paged.Newest);
    }

    private static SourceBatch Batch(int number, params string[] types) =>
        new(Some.Batch(types), [new StateChange.PageSettled(Moment(number), DateTime.MinValue, [])]);

    private static DateTime Moment(int batch) => new DateTime(2026, 11, 21, 0, 0, 0, DateTimeKind.Utc).AddMinutes(batch);

    private static IReadOnlyList<SourceBatch> Batches(int count, int events) =>
        [.. Enumerable.Range(0, count).Select(i => new SourceBatch(
            Some.Batch([.. Enumerable.Repeat("user.login", events)]), [new StateChange.PageSettled(Moment(i), DateTime.MinValue, [])]))];

    private async Task RunAsync(IEventSource source, IDurableOutput output, TimeProvider? clock = null)
    {
        var log = NullLogger.Instance;
        var time = clock ?? TimeProvider.System;
        var desk = new DeadLetterDesk(_deadLetters, _metrics, time, log);
        var writer = new CheckpointWriter(_checkpoint, _metrics, time, log);
        using var courier = new Courier(output, new RetrySchedule(), desk, _metrics, time, log);
        using var failures = new SessionMetrics();
        var streamer = new SessionStreamer(
            (_, _, _) => throw new GrpcException(GrpcStatus.NotFound, "none"), new HashSet<string>(), courier, output.Limits, desk, writer, _metrics, failures, time, log);
        var sessions = new SessionExporter(1, streamer, new MissingRecordings(desk, writer, time, log), writer, _metrics, log);
        var exporter = new Exporter(source, output, courier, writer, sessions, null, [], _metrics, time, log);
        var writing = writer.RunAsync(Cancellation);
        try
        {
            await exporter.RunAsync(Cancellation, Cancellation, Cancellation).WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        }
        finally
        {
            writer.Complete();
            await writing;
        }
    }

    private sealed class ListSource(IReadOnlyList<SourceBatch> batches, Exception? end = null) : IEventSource
    {
        public async Task RunAsync(ChannelWriter<SourceBatch> into, CancellationToken cancellation)
        {
            foreach (var batch in batches)
                await into.WriteAsync(batch, cancellation);
            if (end is not null)
                throw end;
        }
    }

    /// <summary>One batch, and then nothing until told to stop.</summary>
    private sealed class EndlessSource(SourceBatch batch, TaskCompletionSource stopped) : IEventSource
    {
        public async Task RunAsync(ChannelWriter<SourceBatch> into, CancellationToken cancellation)
        {
            await into.WriteAsync(batch, cancellation);
            await Task.Delay(Timeout.Infinite, cancellation).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            stopped.SetResult();
        }
    }

    /// <summary>Tells each pause that somebody has begun.</summary>
    private sealed class WatchedClock : FakeTimeProvider
    {
        private readonly Channel<TimeSpan> _pauses = Channel.CreateUnbounded<TimeSpan>();

        public ChannelReader<TimeSpan> Pauses => _pauses.Reader;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            if (dueTime != Timeout.InfiniteTimeSpan)
                _pauses.Writer.TryWrite(dueTime);
            return timer;
        }
    }

    private sealed class BreakingOutput : IDurableOutput
    {
        public OutputLimits Limits { get; } = new(1, int.MaxValue, 1);

        public Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation) => throw new InvalidDataException("broken");
    }

    private sealed class RefusingOutput : IDurableOutput
    {
        public OutputLimits Limits { get; } = new(1, int.MaxValue, 2);

        public Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation) =>
            Task.FromResult<Verdict>(new Verdict.TryAgain("HTTP 503", TimeSpan.FromHours(1), 503));
    }

    private sealed class TakingOutput : IDurableOutput
    {
        public OutputLimits Limits { get; } = new(3, int.MaxValue, 4);

        public async Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation)
        {
            await Task.Yield();
            return Verdict.Delivered.Instance;
        }
    }
}
