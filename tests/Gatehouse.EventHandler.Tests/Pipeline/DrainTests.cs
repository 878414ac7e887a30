using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Tests.Sources;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>The end of an export for a reload, with a recording's request on its way.</summary>
public sealed class DrainTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestCluster _authorities = new();
    private readonly WaitingClock _clock = new(DateTimeOffset.UtcNow, longest: CheckpointWriter.Pace);
    private readonly TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _release = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _release.TrySetResult();
        _authorities.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_slow_request_of_a_recording_is_waited_for_and_comes_once()
    {
        await using var cluster = await ScriptedCluster.StartAsync(_authorities.Server());
        var now = _clock.GetUtcNow().UtcDateTime;
        cluster.Log.Add(ScriptedEvents.Make("upload", now.AddMinutes(-1), "session.upload", sessionId: "s"));
        cluster.AddRecording("s", ScriptedEvents.Series("s", 10, now, TimeSpan.FromSeconds(1)).Select((one, index) => ScriptedEvents.Make(one.Id, now, "exec", index)));
        // The upload, two events of the recording, and then one that takes its time.
        await using var receiver = ScriptedReceiver.StartScript(ordinal =>
        {
            if (ordinal == 3)
            {
                _held.SetResult();
                _release.Task.Wait(Cancellation);
            }
            return ReceiverAnswer.Ok;
        });

        var plan = await PlanAsync(cluster, receiver);
        using var status = new EventHandlerStatus(_clock);
        await using (var export = await Export.OpenAsync(plan, status, NullLoggerFactory.Instance, _clock))
        {
            var running = export.RunAsync(CancellationToken.None);
            await PassTimeUntilAsync(_held.Task);
            var draining = export.DrainAsync(running);
            // Longer than a stop gives to what is on its way, shorter than a drain does.
            for (var second = 0; second < 20; second++)
            {
                _clock.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }
            Assert.False(running.IsCompleted);
            _release.SetResult();
            await PassTimeUntilAsync(draining);
            await running;
        }
        Assert.Equal(4, receiver.Requests.Count);

        await using (var next = await Export.OpenAsync(plan with { ExitOnLastEvent = true }, status, NullLoggerFactory.Instance, _clock))
            await PassTimeUntilAsync(next.RunAsync(CancellationToken.None));
        Assert.Equal(11, receiver.Requests.Count);
        Assert.Equal(11, receiver.Requests.Select(request => request.Text).Distinct().Count());
    }

    /// <summary>The clock moves for nothing but the pace of the checkpoint's records.</summary>
    private async Task PassTimeUntilAsync(Task reached)
    {
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        bound.CancelAfter(TimeSpan.FromSeconds(30));
        while (!reached.IsCompleted)
        {
            var more = _clock.Waits.WaitToReadAsync(bound.Token).AsTask();
            if (await Task.WhenAny(reached, more) == reached)
                break;
            await more;
            if (_clock.Waits.TryRead(out var wait) && !wait.IsOver)
                _clock.Advance(wait.Length);
        }
        await reached;
    }

    private async Task<ExportPlan> PlanAsync(ScriptedCluster cluster, ScriptedReceiver receiver)
    {
        await File.WriteAllTextAsync(_folder["identity"], _authorities.Identity(notAfter: DateTimeOffset.UtcNow.AddDays(7)), Cancellation);
        var url = $"http://127.0.0.1:{receiver.Port}";
        return new ExportPlan
        {
            Teleport = new TeleportPlan { Addr = $"127.0.0.1:{cluster.Port}", Identity = _folder["identity"] },
            Fluentd = new FluentdPlan { Url = $"{url}/audit", SessionUrl = $"{url}/session", BatchSize = 1, MaxConnections = 2 },
            Storage = _folder["state"],
            StartTime = _clock.GetUtcNow().AddHours(-1),
            Batch = 100,
            Concurrency = 1,
        };
    }
}
