using Gatehouse.EventHandler.Outputs;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

public class FluentdRedirectTests
{
    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    public async Task A_redirect_that_would_lose_the_event_is_not_followed(int status)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(status, "", "Location: /moved"), ReceiverAnswer.Ok);
        Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Single(rig.Receiver.Requests);
    }

    [Theory]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_that_keeps_the_body_is_followed_within_the_receiver(int status)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(status, "go there", "Location: /moved?x=%2F#top"), ReceiverAnswer.Ok);
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{\"a\":1}"));
        var second = rig.Receiver.Requests[1];
        Assert.Equal(("POST", "/moved?x=%2F", "{\"a\":1}"), (second.Method, second.Target, second.Text));
        Assert.Equal(1, rig.Receiver.Connections);
    }

    [Fact]
    public async Task Events_are_not_carried_to_another_host()
    {
        await using var other = ScriptedReceiver.Start(ReceiverAnswer.Ok);
        await using var rig = OutputRig.With(ReceiverAnswer.Status(307, "", "Location: " + other.Url("/test.log")));
        var verdict = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Contains("another receiver", verdict.Reason, StringComparison.Ordinal);
        Assert.Empty(other.Requests);
    }

    [Fact]
    public async Task A_redirect_in_a_circle_ends()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(308, "", "Location: /test.log"));
        Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Equal(6, rig.Receiver.Requests.Count);
    }
}
