using Gatehouse.Api.Grpc;
using Xunit;

namespace Gatehouse.Api.Tests.Grpc;

public sealed class GrpcWireTests
{
    [Theory]
    [InlineData(14_999_778L, "14999778u")]
    [InlineData(99_999_999L, "99999999u")]
    [InlineData(100_000_000L, "100000m")]
    [InlineData(99_999_999_000L, "99999999m")]
    [InlineData(200_000_000_000L, "200000S")]
    public void A_timeout_takes_the_finest_unit_of_eight_digits(long microseconds, string text)
    {
        Assert.Equal(text, GrpcWire.FormatTimeout(TimeSpan.FromMicroseconds(microseconds)));
        Assert.True(GrpcWire.TryParseTimeout(text, out var parsed));
        Assert.Equal(microseconds, parsed.Ticks / TimeSpan.TicksPerMicrosecond);
    }

    [Fact]
    public void A_timeout_below_a_microsecond_is_not_zero() => Assert.Equal("1u", GrpcWire.FormatTimeout(TimeSpan.FromTicks(1)));

    [Theory]
    [InlineData("1H", 3_600_000)]
    [InlineData("2M", 120_000)]
    [InlineData("3S", 3_000)]
    [InlineData("4m", 4)]
    [InlineData("5000000n", 5)]
    public void Every_unit_is_read(string text, int milliseconds)
    {
        Assert.True(GrpcWire.TryParseTimeout(text, out var time));
        Assert.Equal(milliseconds, time.TotalMilliseconds);
    }

    [Theory]
    [InlineData("plain words")]
    [InlineData("100% ümläut \u4e2d\u6587 \U0001F642 %41")]
    [InlineData("two\r\nlines\0")]
    public void A_message_survives_its_encoding(string message)
    {
        var encoded = GrpcWire.EncodeMessage(message);
        Assert.All(encoded, character => Assert.InRange(character, ' ', '~'));
        Assert.Equal(message, GrpcWire.DecodeMessage(encoded));
    }

    [Theory]
    [InlineData("application/grpc", true)]
    [InlineData("application/grpc+proto", true)]
    [InlineData("application/grpc; charset=utf-8", true)]
    [InlineData("application/grpc-web", false)]
    [InlineData("text/html", false)]
    [InlineData(null, false)]
    public void gRPC_is_known_by_its_content_type(string? type, bool isGrpc) => Assert.Equal(isGrpc, GrpcWire.IsGrpc(type));
}
