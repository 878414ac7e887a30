using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.State;
using Gatehouse.EventHandler.Tests.Sources;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>The pace of the checkpoint's records, and what goes into one.</summary>
public sealed class CheckpointWriterTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly WaitingClock _clock = new(DateTimeOffset.UnixEpoch);
    private readonly PipelineMetrics _metrics;
    private readonly Checkpoint _checkpoint;
    private readonly CheckpointWriter _writer;
    private readonly Task _running;

    public CheckpointWriterTests()
    {
        _metrics = new PipelineMetrics(_clock);
        _checkpoint = Checkpoint.Open(_folder["state"], _clock);
        _writer = new CheckpointWriter(_checkpoint, _metrics, _clock, NullLogger.Instance);
        _running = _writer.RunAsync(Cancellation);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        _writer.Complete();
        await _running.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await _checkpoint.DisposeAsync();
        _metrics.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task The_first_record_is_written_at_once_and_the_next_after_the_pace()
    {
        await WrittenAsync(Add("a"));
        var pause = await _clock.Waits.ReadAsync(Cancellation);
        Assert.Equal(CheckpointWriter.Pace, pause.Length);
        var next = Task.WhenAll(Add("b"), Add("c"));
        Assert.Equal(["a"], _checkpoint.State.Sessions.Keys);
        var records = _checkpoint.Sequence;
        _clock.Advance(CheckpointWriter.Pace);
        await WrittenAsync(next);
        Assert.Equal(["a", "b", "c"], _checkpoint.State.Sessions.Keys);
        Assert.Equal(records + 1, _checkpoint.Sequence);
    }

    [Fact]
    public async Task Who_waits_for_a_record_does_not_wait_for_the_pace()
    {
        await WrittenAsync(Add("a"));
        var before = Add("b");
        await WrittenAsync(_writer.FlushAsync());
        Assert.True(before.IsCompleted);
        await WrittenAsync(_writer.AddAndWaitAsync(Queued("c")));
        Assert.Equal(["a", "b", "c"], _checkpoint.State.Sessions.Keys);
    }

    [Fact]
    public async Task What_is_at_hand_when_a_record_is_written_goes_into_it()
    {
        _writer.BeforeEachRecord = () => _writer.Add([Queued("early")]);
        await WrittenAsync(_writer.AddAndWaitAsync(Queued("a")));
        _writer.BeforeEachRecord = null;
        Assert.Equal(["a", "early"], _checkpoint.State.Sessions.Keys);
    }

    private Task Add(string session)
    {
        var durable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _writer.Add([Queued(session)], durable.SetResult);
        return durable.Task;
    }

    private static StateChange.SessionQueued Queued(string session) => new(session, DateTime.UnixEpoch);

    private static Task WrittenAsync(Task durable) => durable.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
}
