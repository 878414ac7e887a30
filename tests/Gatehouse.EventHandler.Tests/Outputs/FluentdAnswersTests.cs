using Gatehouse.EventHandler.Outputs;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>Every kind of answer that upstream was tried against (receiver-answers-timing.json), and what it means here.</summary>
public class FluentdAnswersTests
{
    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(202)]
    [InlineData(204)]
    public async Task A_success_with_or_without_a_body_is_a_delivery_on_a_kept_connection(int status)
    {
        var body = status == 204 ? "" : "OK";
        await using var rig = OutputRig.With(ReceiverAnswer.Status(status, body), ReceiverAnswer.Status(status), ReceiverAnswer.Status(status, status == 204 ? "" : new string('x', 20_000)));
        for (var i = 0; i < 4; i++)
            Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        Assert.Equal(4, rig.Receiver.Requests.Count);
        Assert.Equal(1, rig.Receiver.Connections);
    }

    [Fact]
    public async Task A_chunked_answer_is_read_to_its_end()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n"));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        Assert.Equal(1, rig.Receiver.Connections);
    }

    [Theory]
    [InlineData(206)]
    [InlineData(300)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(304)]
    [InlineData(307)]
    [InlineData(308)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(407)]
    [InlineData(408)]
    [InlineData(414)]
    [InlineData(415)]
    [InlineData(425)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task Whatever_somebody_can_mend_is_tried_again(int status)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(status));
        var verdict = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Equal(status, verdict.Status);
        Assert.StartsWith($"Failed to send event to fluentd (HTTP {status})", verdict.Reason, StringComparison.Ordinal);
        Assert.Equal("POST", Assert.Single(rig.Receiver.Requests).Method);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(422)]
    public async Task A_refused_content_is_refused_with_the_receivers_words(int status)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(status, "field 'x'\r\nis not a number"));
        var verdict = Assert.IsType<Verdict.Refused>(await rig.SendAsync("{}"));
        Assert.Equal(status, verdict.Status);
        Assert.Equal($"Failed to send event to fluentd (HTTP {status}): field 'x'  is not a number", verdict.Reason);
    }

    [Fact]
    public async Task Status_413_says_too_large()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(413));
        Assert.IsType<Verdict.TooLarge>(await rig.SendAsync("{}"));
    }

    [Fact]
    public async Task A_receiver_that_answers_413_and_closes_without_reading_the_body_is_heard()
    {
        var answer = ReceiverAnswer.Status(413) with { Then = ReceiverEnd.Close, BeforeBody = true };
        await using var rig = OutputRig.With(answer);
        var large = "{\"a\":\"" + new string('x', 8 * 1024 * 1024) + "\"}";
        Assert.IsType<Verdict.TooLarge>(await rig.SendAsync(large));
        Assert.IsType<Verdict.TooLarge>(await rig.SendAsync(large));
    }

    [Fact]
    public async Task A_receiver_that_answers_413_and_neither_reads_the_body_nor_closes_is_heard()
    {
        var answer = ReceiverAnswer.Status(413, "too large for us") with { Then = ReceiverEnd.Hang, BeforeBody = true };
        await using var rig = OutputRig.With(answer);
        for (var round = 0; round < 2; round++)
        {
            // Larger than what the buffers of two sockets take.
            var verdict = Assert.IsType<Verdict.TooLarge>(await rig.SendAsync(Large(32)));
            Assert.EndsWith("too large for us", verdict.Reason, StringComparison.Ordinal);
        }
        Assert.Equal(2, rig.Receiver.Connections);
    }

    [Theory]
    [InlineData(503, typeof(Verdict.TryAgain))]
    [InlineData(401, typeof(Verdict.TryAgain))]
    [InlineData(400, typeof(Verdict.Refused))]
    public async Task Any_refusal_before_the_body_is_read_is_heard_at_once(int status, Type expected)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(status) with { Then = ReceiverEnd.Hang, BeforeBody = true });
        var verdict = await rig.SendAsync(Large(32));
        Assert.IsType(expected, verdict);
        Assert.Contains($"(HTTP {status})", verdict.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Success_that_was_said_before_the_body_was_read_does_not_count()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Ok with { Then = ReceiverEnd.Close, BeforeBody = true }, ReceiverAnswer.Ok);
        var verdict = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync(Large(32)));
        Assert.Contains("without having read the whole request", verdict.Reason, StringComparison.Ordinal);
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync(Large(32)));
    }

    private static string Large(int megabytes) => "{\"a\":\"" + new string('x', megabytes * 1024 * 1024) + "\"}";

    [Fact]
    public async Task A_wait_in_seconds_is_passed_on()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Status(429, "", "Retry-After: 7"));
        Assert.Equal(TimeSpan.FromSeconds(7), Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}")).RetryAfter);
    }

    [Theory]
    [InlineData("Retry-After: Fri, 20 Nov 2026 10:00:30 GMT", 30)]
    [InlineData("Retry-After: Fri, 20 Nov 2026 09:00:00 GMT", null)]
    [InlineData("Retry-After: Sat, 20 Nov 2027 09:00:00 GMT", 3600)]
    [InlineData("Retry-After: 999999", 3600)]
    [InlineData("Retry-After: 0", null)]
    [InlineData("Retry-After: soon", null)]
    public async Task A_wait_until_a_date_is_measured_and_bounded(string header, int? seconds)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 20, 10, 0, 0, TimeSpan.Zero));
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Status(503, "", header)), time: time);
        var wait = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}")).RetryAfter;
        Assert.Equal(seconds is { } some ? TimeSpan.FromSeconds(some) : null, wait);
    }

    public static TheoryData<string, ReceiverAnswer> Broken() => new()
    {
        { "closed without an answer", ReceiverAnswer.Close },
        { "closed before reading", ReceiverAnswer.Close with { BeforeBody = true } },
        { "reset after reading", ReceiverAnswer.Reset },
        { "reset before reading", ReceiverAnswer.Reset with { BeforeBody = true } },
        { "garbage", ReceiverAnswer.Raw("220 mail.example.org ESMTP\r\n", ReceiverEnd.Close) },
        { "half a status line", ReceiverAnswer.Raw("HTTP/1.1 2", ReceiverEnd.Close) },
        { "half a header", ReceiverAnswer.Raw("HTTP/1.1 200 OK\r\nConte", ReceiverEnd.Close) },
        { "100 and then nothing", ReceiverAnswer.Raw("HTTP/1.1 100 Continue\r\n\r\n", ReceiverEnd.Close) },
    };

    [Theory]
    [MemberData(nameof(Broken), DisableDiscoveryEnumeration = true)]
    public async Task A_connection_that_breaks_before_the_answer_is_tried_again(string what, ReceiverAnswer answer)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Ok, answer, ReceiverAnswer.Ok);
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        var verdict = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{\"b\":1}"));
        Assert.True(verdict.Status is null && verdict.Reason.Contains(rig.Receiver.Url("/test.log"), StringComparison.Ordinal), $"{what}: {verdict}");
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{\"b\":1}"));
        // Once per call: trying again is not the output's decision.
        Assert.Equal(3, rig.Receiver.Requests.Count);
    }

    [Fact]
    public async Task A_200_whose_announced_body_never_comes_is_a_delivery()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", ReceiverEnd.Close));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
    }

    [Fact]
    public async Task A_200_whose_body_hangs_is_a_delivery_two_seconds_later()
    {
        var time = new FakeTimeProvider();
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Raw("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", ReceiverEnd.Hang)), time: time);
        var sending = rig.SendAsync("{}");
        while (!sending.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
            if (time.GetUtcNow() - new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero) > TimeSpan.FromSeconds(25))
                break;
            await Task.WhenAny(sending, Task.Delay(20, TestContext.Current.CancellationToken));
        }
        Assert.IsType<Verdict.Delivered>(await sending);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    public async Task No_answer_for_30_seconds_is_tried_again(string bytes)
    {
        var time = new FakeTimeProvider();
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Raw(bytes, ReceiverEnd.Hang)), time: time);
        var sending = rig.SendAsync("{}");
        await rig.Receiver.NextRequestAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromSeconds(29));
        Assert.False(sending.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Contains("no answer within 30 s", Assert.IsType<Verdict.TryAgain>(await sending).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cancelled_request_is_no_verdict()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Hang);
        using var stop = new CancellationTokenSource();
        using var batch = OutputRig.Batch("{}");
        var sending = rig.Output.SendAsync(new EventSlice(batch, 0, 1), Destination.Audit, stop.Token);
        await rig.Receiver.NextRequestAsync(TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
    }

    [Fact]
    public async Task Nobody_listening_is_tried_again()
    {
        var rig = OutputRig.With(ReceiverAnswer.Ok);
        _ = rig.Output;
        await rig.Receiver.DisposeAsync();
        var verdict = Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{}"));
        Assert.Contains("refused", verdict.Reason, StringComparison.OrdinalIgnoreCase);
    }
}
