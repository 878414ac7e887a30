using Gatehouse.EndToEnd.Running;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>Receivers that answered the real handler in every way: where it stopped or lost events, ours delivers each one.</summary>
public sealed class ReceiverTranscriptTests
{
    /// <summary>The events of a run of the captures, all of type role.created.</summary>
    private static readonly int Matching = GoldenData.Events.Count(e => e.Type == "role.created");

    [Theory]
    [InlineData("small-body-ok", 200, "OK")]
    [InlineData("s201", 201, "")]
    [InlineData("s204", 204, "")]
    public async Task Every_success_is_one_on_a_kept_connection(string name, int status, string body)
    {
        var golden = Transcript.Of("receiver-answers", name);
        if (golden.Exit != 0)
            Differences.AssertHas("success-statuses");
        await using var desk = await GoldenDesk.SetUpAsync(ReceiverAnswer.Status(status, body));
        var end = await desk.RunAsync(golden, "--fluentd-max-connections=1");
        Assert.Equal(0, end.Exit);
        AssertAllOnce(desk, skip: 0);
        Differences.AssertHas("kept-connections");
        Assert.Single(desk.Receiver.Requests.Select(request => request.Connection).Distinct());
    }

    [Theory]
    [InlineData("s302-moved")]
    [InlineData("s429-retry-after-1")]
    [InlineData("s500")]
    [InlineData("reset")]
    [InlineData("close-before")]
    [InlineData("garbage")]
    public async Task Trouble_of_the_receiver_is_waited_out(string name)
    {
        Differences.AssertHas("receiver-trouble");
        var trouble = name switch
        {
            "s302-moved" => ReceiverAnswer.Status(302, "", "Location: /moved"),
            "s429-retry-after-1" => ReceiverAnswer.Status(429, "", "Retry-After: 1"),
            "reset" => ReceiverAnswer.Reset,
            "close-before" => ReceiverAnswer.Close,
            "garbage" => ReceiverAnswer.Raw("HTTP HTTP HTTP\r\n\r\n", ReceiverEnd.Close),
            _ => ReceiverAnswer.Status(int.Parse(name[1..], System.Globalization.CultureInfo.InvariantCulture)),
        };
        await using var desk = await GoldenDesk.SetUpAsync(trouble, trouble, ReceiverAnswer.Ok);
        var end = await desk.RunAsync(Transcript.Of("receiver-answers", name), "--fluentd-max-connections=1");
        Assert.Equal(0, end.Exit);
        AssertAllOnce(desk, skip: 2);
        Assert.DoesNotContain(desk.Receiver.Requests, request => request.Method != "POST");
    }

    [Theory]
    [InlineData("s400", 400, 2)]
    [InlineData("s413", 413, 1)]
    public async Task An_event_refused_for_good_goes_to_the_dead_letters_and_the_others_go_on(string name, int status, int tries)
    {
        Differences.AssertHas("dead-letters");
        // A refusal is believed from a receiver that takes another event after it, and refuses this one again.
        await using var desk = await GoldenDesk.SetUpAsync();
        var posts = 0;
        string? refused = null;
        desk.Receiver.AnswerBody = body =>
        {
            refused = ++posts == 2 ? body : refused;
            return body == refused ? ReceiverAnswer.Status(status) : null;
        };
        var golden = Transcript.Of("receiver-answers", name);
        var end = await desk.RunAsync(golden, "--fluentd-max-connections=1");
        Assert.Equal(0, end.Exit);
        Assert.Equal(tries, desk.Receiver.Requests.Count(request => request.Text == refused));
        Assert.Equal(Matching, desk.Receiver.Requests.Select(request => request.Text).Distinct().Count());
        Assert.Equal(Matching + tries - 1, posts);
        string[] where = [$"--storage={Path.Combine(desk.Dir, name, "storage")}", $"--teleport-addr={desk.ClusterAddress}"];
        var list = await desk.RunAsync(["dead-letters", "list", .. where]);
        Assert.Contains("1 dead letters", list.Output, StringComparison.Ordinal);
    }

    private static void AssertAllOnce(GoldenDesk desk, int skip)
    {
        var posted = desk.Receiver.Requests.Skip(skip).Select(request => request.Text).ToList();
        Assert.Equal(Matching, posted.Distinct().Count());
        Assert.Equal(Matching, posted.Count);
    }
}
