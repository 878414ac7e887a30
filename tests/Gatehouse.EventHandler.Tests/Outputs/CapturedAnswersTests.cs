using System.Text.Json;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>The receivers that upstream was run against, one test per capture: what ended or lost there is one more try here.</summary>
public class CapturedAnswersTests
{
    private static readonly HashSet<string> Successes = ["200", "201", "202", "204", "half", "close-after"];

    public static TheoryData<string> Captures() => [.. Read().RootElement.EnumerateObject().Select(capture => capture.Name)];

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task Every_event_is_delivered_once_the_receiver_takes_it(string name)
    {
        var capture = Read().RootElement.GetProperty(name).EnumerateArray()
            .Where(line => !line.GetProperty("line").GetString()!.Contains("/moved", StringComparison.Ordinal))
            .Select(line => line.GetProperty("answer").ToString()).ToList();
        Assert.NotEmpty(capture);
        // At the end the receiver is well again, which upstream does not live to see.
        var script = capture.SelectMany(kind => kind is "307" or "308" ? [Answer(kind), ReceiverAnswer.Ok] : new[] { Answer(kind) }).Append(ReceiverAnswer.Ok);
        var time = new FakeTimeProvider();
        await using var rig = new OutputRig(ScriptedReceiver.Start([.. script]), time: time);

        var n = 0;
        foreach (var kind in capture.Append("200"))
        {
            var sending = rig.SendAsync($"{{\"n\":{n}}}");
            await rig.Receiver.NextRequestAsync(TestContext.Current.CancellationToken);
            if (kind is "hang" or "100")
                time.Advance(TimeSpan.FromSeconds(30));
            var verdict = await sending;
            if (kind is "307" or "308")
                await rig.Receiver.NextRequestAsync(TestContext.Current.CancellationToken);
            if (kind == "close-after")
                await rig.Receiver.NextCloseAsync(TestContext.Current.CancellationToken);
            switch (kind)
            {
                case "307" or "308": Assert.IsType<Verdict.Delivered>(verdict); n++; break;
                case "400": Assert.IsType<Verdict.Refused>(verdict); break;
                case "413": Assert.IsType<Verdict.TooLarge>(verdict); break;
                case var success when Successes.Contains(success): Assert.IsType<Verdict.Delivered>(verdict); n++; break;
                default: Assert.IsType<Verdict.TryAgain>(verdict); break;
            }
        }
        Assert.All(rig.Receiver.Requests, request => Assert.Equal("POST", request.Method));
        Assert.Equal(Enumerable.Range(0, n).Select(i => $"{{\"n\":{i}}}"), rig.Receiver.Requests.Select(request => request.Text).Distinct());
    }

    private static JsonDocument Read() => JsonDocument.Parse(File.ReadAllText(Repository.PathOf("tests", "data", "handler-golden", "receiver-answers-timing.json")));

    private static ReceiverAnswer Answer(string kind) => kind switch
    {
        "close-after" => ReceiverAnswer.Ok with { Then = ReceiverEnd.Close },
        "close-before" => ReceiverAnswer.Close,
        "garbage" => ReceiverAnswer.Raw("hello, this is not http\r\n", ReceiverEnd.Close),
        "half" => ReceiverAnswer.Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", ReceiverEnd.Close),
        "hang" => ReceiverAnswer.Hang,
        "reset" => ReceiverAnswer.Reset,
        "100" => ReceiverAnswer.Raw("HTTP/1.1 100 Continue\r\n\r\n", ReceiverEnd.Hang),
        "301" or "302" or "303" or "307" or "308" => ReceiverAnswer.Status(int.Parse(kind, System.Globalization.CultureInfo.InvariantCulture), "", "Location: /moved"),
        _ => ReceiverAnswer.Status(int.Parse(kind, System.Globalization.CultureInfo.InvariantCulture)),
    };
}
