using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Tests.Outputs;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

/// <summary>The courier alone keeps to the number of requests that may be under way; the output opens a connection for each it is given.</summary>
public sealed class SharedPlacesTests
{
    [Fact]
    public async Task Log_and_recordings_together_use_no_more_connections_than_the_receiver_may_get()
    {
        var time = TimeProvider.System;
        using var folder = new TemporaryFolder();
        using var metrics = new PipelineMetrics(time);
        using var deadLetters = DeadLetterFile.Open(folder.Path, time);
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { MaxConnections = 3 });
        using var courier = new Courier(
            rig.Output, new RetrySchedule(), new DeadLetterDesk(deadLetters, metrics, time, NullLogger.Instance), metrics, time, NullLogger.Instance);
        using var failure = new CancellationTokenSource();
        var owner = new GrowingGroup(failure);
        using var batch = OutputRig.Batch([.. Enumerable.Range(0, 60).Select(n => $"{{\"n\":{n}}}")]);

        await Task.WhenAll(Enumerable.Range(0, 60).Select(n => DeliverAsync(new EventSlice(batch, n, 1), n % 2 == 0)));

        Assert.Equal(60, rig.Receiver.Requests.Select(request => request.Text).Distinct().Count());
        Assert.InRange(rig.Receiver.Connections, 1, 3);

        async Task DeliverAsync(EventSlice slice, bool isAudit)
        {
            if (isAudit)
                Assert.True((await courier.DeliverAsync(slice, owner, CourierRig.NotTold, CourierRig.Cancellation)).Settled);
            else
                await courier.DeliverInOrderAsync([slice], Destination.Session($"s{slice.Start}"), _ => { }, CourierRig.NotTold, CourierRig.Cancellation);
        }
    }
}
