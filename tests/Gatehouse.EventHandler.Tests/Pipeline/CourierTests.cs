using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.Events;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

public sealed class CourierTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();
    private readonly PipelineMetrics _metrics;
    private DeadLetterFile _deadLetters = null!;
    private readonly AnsweringOutput _output = new();

    public CourierTests() => _metrics = new PipelineMetrics(_time);

    /// <summary>The token of a stop that never comes.</summary>
    private static CancellationToken NotTold => default;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _deadLetters = await DeadLetterFile.OpenAsync(_folder.Path, _time, Cancellation);

    public ValueTask DisposeAsync()
    {
        _deadLetters.Dispose();
        _metrics.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_slice_is_sent_again_until_the_receiver_takes_it()
    {
        _output.Answer = (_, tries) => tries < 4 ? new Verdict.TryAgain("HTTP 503", Status: 503) : Verdict.Delivered.Instance;
        Assert.True(await DeliverAsync("a", "b"));
        Assert.Equal(4, _output.Requests.Count);
        Assert.All(_output.Requests, request => Assert.Equal((0, 2), request));
    }

    [Fact]
    public async Task The_wait_the_receiver_asked_for_is_waited()
    {
        _output.Answer = (_, tries) => tries == 1 ? new Verdict.TryAgain("HTTP 429", TimeSpan.FromSeconds(90), 429) : Verdict.Delivered.Instance;
        var started = _time.GetUtcNow();
        Assert.True(await DeliverAsync("a"));
        Assert.InRange(_time.GetUtcNow() - started, TimeSpan.FromSeconds(90), TimeSpan.FromSeconds(100));
    }

    [Fact]
    public async Task What_is_too_large_is_halved_until_it_fits()
    {
        _output.Answer = (slice, _) => slice.Count > 2 ? new Verdict.TooLarge("HTTP 413") : Verdict.Delivered.Instance;
        Assert.True(await DeliverAsync("a", "b", "c", "d", "e"));
        Assert.Equal([(0, 5), (0, 2), (2, 3), (2, 1), (3, 2)], _output.Requests);
        Assert.Equal(0, _deadLetters.Count);
    }

    [Fact]
    public async Task The_one_event_that_is_refused_goes_to_the_dead_letters_and_the_rest_arrives()
    {
        _output.Answer = (slice, _) => Holds(slice, 3) ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        Assert.True(await DeliverAsync("a", "b", "c", "poison", "e", "f"));
        Assert.Equal(1, _deadLetters.Count);
        Assert.Contains("\"uid\":\"event-3\"", await File.ReadAllTextAsync(_deadLetters.Path, Cancellation));
        Assert.Equal([0, 1, 2, 4, 5], _output.Delivered.Order());
    }

    [Fact]
    public async Task A_single_event_that_is_too_large_is_kept_in_the_dead_letters()
    {
        _output.Answer = (_, _) => new Verdict.TooLarge("HTTP 413");
        Assert.True(await DeliverAsync("huge"));
        Assert.Equal(1, _deadLetters.Count);
    }

    [Fact]
    public async Task A_receiver_that_refuses_everything_refuses_us_and_nothing_is_given_up()
    {
        var refusals = 0;
        _output.Answer = (_, _) => ++refusals < 100 ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        Assert.True(await DeliverAsync("a", "b", "c"));
        Assert.Equal(0, _deadLetters.Count);
        Assert.Equal([0, 1, 2], _output.Delivered.Order());
    }

    [Fact]
    public async Task A_refusal_after_a_delivery_is_believed_even_when_nothing_else_is_on_its_way()
    {
        _output.Answer = (slice, _) => slice.Batch[slice.Start].Type == "poison" ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        using var courier = NewCourier();
        using var batch = Some.Batch("a", "poison");
        Assert.True(await courier.DeliverAsync(new EventSlice(batch, 0, 1), Destination.Audit, NotTold, Cancellation));
        Assert.True(await courier.DeliverAsync(new EventSlice(batch, 1, 1), Destination.Audit, NotTold, Cancellation));
        Assert.Equal(1, _deadLetters.Count);
    }

    [Fact]
    public async Task The_first_event_of_all_is_set_aside_once_others_are_taken()
    {
        _output.Answer = (slice, _) => Holds(slice, 0) ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        Assert.True(await DeliverAsync("poison", "b", "c"));
        Assert.Equal(1, _deadLetters.Count);
        Assert.Equal([1, 2], _output.Delivered.Order());
    }

    [Fact]
    public async Task An_outage_gives_nothing_up_however_long_it_lasts()
    {
        var failures = 0;
        _output.Answer = (_, _) => ++failures < 200 ? new Verdict.TryAgain("HTTP 500", Status: 500) : Verdict.Delivered.Instance;
        Assert.True(await DeliverAsync("a"));
        Assert.Equal(0, _deadLetters.Count);
    }

    [Fact]
    public async Task Told_to_stop_it_does_not_try_again_and_says_that_nothing_is_settled()
    {
        using var stop = new CancellationTokenSource();
        _output.Answer = (_, _) =>
        {
            stop.Cancel();
            return new Verdict.TryAgain("connection refused");
        };
        using var courier = NewCourier();
        using var batch = Some.Batch("a");
        Assert.False(await courier.DeliverAsync(new EventSlice(batch, 0, 1), Destination.Audit, stop.Token, Cancellation));
        Assert.Single(_output.Requests);
    }

    [Fact]
    public async Task A_recording_keeps_its_order_when_one_of_its_events_is_refused()
    {
        _output.Answer = (slice, _) => Holds(slice, 5) ? new Verdict.Refused("HTTP 400", 400) : Verdict.Delivered.Instance;
        _output.Pause = slice => slice.Start == 0 ? Task.Delay(20, Cancellation) : Task.CompletedTask;
        using var courier = NewCourier();
        using var batch = Some.Batch("a", "b", "c", "d", "e", "poison", "g", "h");
        Assert.True(await courier.DeliverAsync(new EventSlice(batch, 0, batch.Count), Destination.Session("s"), NotTold, Cancellation));
        Assert.Equal([0, 1, 2, 3, 4, 6, 7], _output.Delivered);
        Assert.Equal(1, _deadLetters.Count);
    }

    private static bool Holds(EventSlice slice, int index) => slice.Start <= index && index < slice.Start + slice.Count;

    private Courier NewCourier() => new(
        _output, new RetrySchedule(() => 0.5), new DeadLetterDesk(_deadLetters, _metrics, _time, NullLogger.Instance), _metrics, _time, NullLogger.Instance);

    /// <summary>Delivers, with time running as fast as it is waited for.</summary>
    private async Task<bool> DeliverAsync(params string[] types)
    {
        using var courier = NewCourier();
        using var batch = Some.Batch(types);
        var delivering = courier.DeliverAsync(new EventSlice(batch, 0, batch.Count), Destination.Audit, NotTold, Cancellation).AsTask();
        while (!delivering.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
        return await delivering;
    }

    /// <summary>Answers as told and remembers what came.</summary>
    private sealed class AnsweringOutput : IDurableOutput
    {
        public Func<EventSlice, int, Verdict> Answer { get; set; } = (_, _) => Verdict.Delivered.Instance;

        public Func<EventSlice, Task> Pause { get; set; } = _ => Task.CompletedTask;

        public List<(int Start, int Count)> Requests { get; } = [];

        public List<int> Delivered { get; } = [];

        public OutputLimits Limits { get; } = new(100, int.MaxValue, 1);

        public async Task<Verdict> SendAsync(EventSlice slice, Destination destination, CancellationToken cancellation)
        {
            await Pause(slice);
            Requests.Add((slice.Start, slice.Count));
            var verdict = Answer(slice, Requests.Count);
            if (verdict is Verdict.Delivered)
                Delivered.AddRange(Enumerable.Range(slice.Start, slice.Count));
            return verdict;
        }
    }
}
