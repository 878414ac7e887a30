namespace Gatehouse.Bench.EndToEnd;

/// <summary>Not a figure but the ground the others stand on: at full speed every event arrives, and once.</summary>
internal sealed class EveryEventOnce(string binary) : IBench
{
    private const int Chunks = 10;

    public string Name => "every-event-once";

    public async Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var day = DateOnly.FromDateTime(DateTime.UtcNow);
        var sample = new ExportSample(20_000, day);
        foreach (var batch in (string[])["1", "500"])
        {
            await using var stage = await Stage.SetAsync(sample, Chunks, tls: false, TimeSpan.Zero, day, keepUids: true);
            await using (var handler = stage.StartHandler(binary, "--fluentd-batch-size", batch))
                await handler.UntilAsync(stage.Receiver.WhenAsync((long)sample.Count * Chunks), cancellationToken);
            // The handler has ended, so a repetition would be here by now.
            var wrong = sample.Uids.Count(uid => stage.Receiver.Uids.GetValueOrDefault(uid) != Chunks);
            var foreign = stage.Receiver.Uids.Count - sample.Uids.Distinct().Count();
            if (wrong + foreign > 0 || stage.Receiver.Events != (long)sample.Count * Chunks)
                throw new InvalidOperationException($"batches of {batch}: {wrong} ids did not come {Chunks} times, {foreign} were never sent");
            report.Figure($"events arrived once, batches of {batch}", stage.Receiver.Events, "events", $"{sample.Count} ids in {Chunks} chunks, each counted at the receiver");
        }
    }
}
