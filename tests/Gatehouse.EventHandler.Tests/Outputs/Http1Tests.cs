using System.Text;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Outputs.Fluentd;
using Gatehouse.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>Our own reading of HTTP/1.1 answers, and when a connection may be used again.</summary>
public class Http1Tests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, true)]
    [InlineData("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", 200, true)]
    [InlineData("HTTP/1.1 204\r\n\r\n", 204, true)]
    [InlineData("HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", 204, true)]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length:0\r\n\r\n", 201, true)]
    [InlineData("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n3;ext=1\r\nabc\r\nA\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n", 500, true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n", 200, false)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, false)]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nuntil the end", 200, false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 200, false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nx", 200, false)]
    public async Task An_answer_is_read_the_same_in_pieces_of_any_size(string wire, int status, bool whole)
    {
        for (var piece = 1; piece <= wire.Length; piece++)
        {
            var reader = new Http1Reader(new Pieces(Encoding.UTF8.GetBytes(wire), piece));
            var head = await reader.ReadHeadAsync(Stop);
            Assert.Equal(status, head.Status);
            Assert.Equal(whole, head.HasNoBody || (await reader.ReadBodyAsync(head, Stop)).Whole);
            if (whole)
                Assert.True(reader.IsEmpty);
        }
    }

    [Theory]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("HTTP/2 200\r\n\r\n")]
    [InlineData("HTTP/1.1 abc\r\n\r\n")]
    [InlineData("HTTP/1.1 20\r\n\r\n")]
    [InlineData("\r\n\r\n")]
    [InlineData("HTTP/1.1")]
    [InlineData("")]
    public async Task What_is_no_answer_is_told_at_once(string wire)
    {
        await Assert.ThrowsAsync<HttpRequestException>(async () => await new Http1Reader(new Pieces(Encoding.UTF8.GetBytes(wire), 3)).ReadHeadAsync(Stop));
    }

    [Fact]
    public async Task A_head_without_end_is_bounded()
    {
        var endless = Encoding.ASCII.GetBytes("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-Filler: 0123456789\r\n", 10_000)));
        await Assert.ThrowsAsync<HttpRequestException>(async () => await new Http1Reader(new Pieces(endless, 4096)).ReadHeadAsync(Stop));
    }

    [Fact]
    public async Task Mutated_answers_end_in_a_status_or_an_error()
    {
        const int Seed = 20261124;
        var random = new Random(Seed);
        var whole = Encoding.ASCII.GetBytes("HTTP/1.1 503 Busy\r\nRetry-After: 3\r\nLocation: /x\r\nTransfer-Encoding: chunked\r\nConnection: keep-alive\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        for (var run = 0; run < 20_000; run++)
        {
            var bytes = whole.ToArray();
            for (var change = random.Next(1, 6); change > 0; change--)
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            var reader = new Http1Reader(new Pieces(bytes[..random.Next(bytes.Length + 1)], random.Next(1, 40)));
            try
            {
                var head = await reader.ReadHeadAsync(Stop);
                Assert.InRange(head.Status, 200, 999);
                await reader.ReadBodyAsync(head, Stop);
            }
            catch (HttpRequestException)
            {
                // Said, as it should be.
            }
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    public async Task A_connection_is_not_used_again_after(string answer)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Raw(answer), ReceiverAnswer.Status(500));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{\"n\":1}"));
        Assert.IsType<Verdict.TryAgain>(await rig.SendAsync("{\"n\":2}"));
        Assert.Equal(2, rig.Receiver.Connections);
    }

    [Fact]
    public async Task A_connection_the_peer_closed_meanwhile_costs_no_failed_request()
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Ok with { Then = ReceiverEnd.Close });
        for (var i = 0; i < 5; i++)
        {
            Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
            await rig.Receiver.NextCloseAsync(Stop);
        }
        Assert.Equal(5, rig.Receiver.Connections);
    }

    [Theory]
    [InlineData(7, 1)]
    [InlineData(8, 2)]
    public async Task A_connection_rests_for_less_than_fluentds_ten_seconds(int seconds, int connections)
    {
        var time = new FakeTimeProvider();
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), time: time);
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        time.Advance(TimeSpan.FromSeconds(seconds));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        Assert.Equal(connections, rig.Receiver.Connections);
    }

    [Fact]
    public async Task A_connection_in_use_is_renewed_after_five_minutes()
    {
        var time = new FakeTimeProvider();
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), time: time);
        for (var at = 0; at < 100; at++)
        {
            Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
            time.Advance(TimeSpan.FromSeconds(6));
        }
        Assert.Equal(2, rig.Receiver.Connections);
    }

    /// <summary>Hands out its bytes in pieces of one size, then ends.</summary>
    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
