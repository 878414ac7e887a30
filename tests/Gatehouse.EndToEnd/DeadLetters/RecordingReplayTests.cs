using Gatehouse.EndToEnd.Golden;
using Gatehouse.EventHandler.Outputs;
using Xunit;

namespace Gatehouse.EndToEnd.DeadLetters;

/// <summary>A given-up recording's way back: <c>dead-letters replay</c>, then a start.</summary>
public sealed class RecordingReplayTests
{
    [Fact]
    public async Task A_replayed_recording_is_streamed_before_the_handler_ends_at_the_last_event()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var desk = await GoldenDesk.SetUpAsync();
        var (session, events) = GoldenData.Recordings.MaxBy(recording => recording.Value.Count);
        // The log has no upload for it any more; only the dead letter knows it.
        string[] start = [.. desk.StartFlags("storage"), "--types=user.login", "--start-time=2026-01-01T00:00:00Z", "--skip-session-types=", "--exit-on-last-event"];
        Assert.Equal(0, (await desk.RunAsync(start)).Exit);
        using (var file = DeadLetterFile.Open(desk.StateOf("storage"), TimeProvider.System))
            await file.AppendRecordingAsync(session, events[1].Index, "a recording was not found", cancellation);

        string[] where = ["--fluentd-ca=ca.crt", "--fluentd-cert=client.crt", "--fluentd-key=client.key", $"--storage={Path.Combine(desk.Dir, "storage")}", $"--teleport-addr={desk.ClusterAddress}",
            $"--fluentd-url={desk.Receiver.Url}/test.log", $"--fluentd-session-url={desk.Receiver.Url}/session"];
        var replay = await desk.RunAsync(["dead-letters", "replay", .. where]);
        Assert.Equal(0, replay.Exit);
        Assert.Contains("1 recordings handed back to the handler", replay.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(desk.Receiver.Requests, request => request.Target != "/test.log");

        var again = await desk.RunAsync(start);
        Assert.Equal(0, again.Exit);
        Assert.Equal(events.Count - 1, desk.Receiver.Requests.Count(request => request.Target == $"/session.{session}.log"));
        Assert.Equal(["dead-letters.lock"], Directory.GetFiles(desk.StateOf("storage"), "dead-letters*").Concat(Directory.GetFiles(desk.StateOf("storage"), "recordings*"))
            .Select(file => Path.GetFileName(file)));
    }
}
