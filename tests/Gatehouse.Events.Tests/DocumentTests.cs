using System.Globalization;
using System.Text;
using Xunit;

namespace Gatehouse.Events.Tests;

public class DocumentTests
{
    private static string? Problem(string json)
    {
        EventDocument.TryRead(Encoding.UTF8.GetBytes(json), out _, out var problem);
        return problem;
    }

    [Theory]
    [InlineData("2026-11-21T00:28:25Z", "2026-11-21T00:28:25.0000000", 0)]
    [InlineData("2026-11-21T00:28:25.7Z", "2026-11-21T00:28:25.7000000", 700_000_000)]
    [InlineData("2026-11-21T00:28:25.72Z", "2026-11-21T00:28:25.7200000", 720_000_000)]
    [InlineData("2026-11-21T00:28:25.123456789Z", "2026-11-21T00:28:25.1234567", 123_456_789)]
    [InlineData("2026-11-21T01:28:25.5+01:00", "2026-11-21T00:28:25.5000000", 500_000_000)]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000", 0)]
    [InlineData("1969-12-31T23:59:59.999999999Z", "1969-12-31T23:59:59.9999999", 999_999_999)]
    [InlineData("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.9999999", 999_999_999)]
    public void Times_have_none_to_nine_digits_of_fraction(string text, string utc, int nanos)
    {
        Assert.True(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out var time));
        Assert.Equal(utc, time.Utc.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture));
        Assert.Equal(nanos, time.Nanos);
        Assert.Equal(time.Utc, EventTime.From(time.Utc).Utc);
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-21")]
    [InlineData("2026-11-21 00:28:25Z")]
    [InlineData("2026-11-21T00:28:25")]
    [InlineData("2026-11-21T00:28:25.Z")]
    [InlineData("2026-11-21T00:28:25.1234567890Z")]
    [InlineData("2026-13-21T00:28:25Z")]
    [InlineData("2026-11-21T24:28:25Z")]
    [InlineData("2026-11-21T00:28:25.5")]
    [InlineData("2026-11-21T00:28:25Zjunk")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    public void Other_text_is_no_time(string text) => Assert.False(EventTime.TryParse(Encoding.UTF8.GetBytes(text), out _));

    [Theory]
    [InlineData("", "malformed")]
    [InlineData("[]", "JSON object")]
    [InlineData("{\"event\":\"a\",\"time\":\"2026-11-21T00:28:25Z\"", "malformed JSON at byte")]
    [InlineData("{\"event\":\"a\",\"time\":\"2026-11-21T00:28:25Z\"} x", "malformed JSON at byte")]
    [InlineData("{\"time\":\"2026-11-21T00:28:25Z\"}", "no \"event\"")]
    [InlineData("{\"event\":\"a\"}", "no \"time\"")]
    [InlineData("{\"event\":7,\"time\":\"2026-11-21T00:28:25Z\"}", "\"event\" is not a text at byte 9")]
    [InlineData("{\"event\":\"a\",\"time\":\"yesterday\"}", "RFC 3339")]
    [InlineData("{\"event\":\"a\",\"time\":\"2026-11-21T00:28:25Z\",\"ei\":\"x\"}", "\"ei\" is not a whole number")]
    [InlineData("{\"event\":\"a\",\"time\":\"2026-11-21T00:28:25Z\",\"d\":[{\"n\":1e999}]}", "beyond a double at byte")]
    public void A_line_that_is_no_event_says_why(string json, string words) => Assert.Contains(words, Problem(json));

    [Fact]
    public void Header_values_are_read_escapes_and_all()
    {
        var json = """{"x":{"event":"inner","sid":"no"},"ei":2147483647,"event":"a\u00e4b","uid":"u","code":"T1I","sid":"s\"1","time":"2026-11-21T00:28:25Z"}"""u8;
        Assert.True(EventDocument.TryRead(json, out var fields, out _));
        Assert.Equal("aäb", Encoding.UTF8.GetString(fields.Type));
        Assert.Equal("u", Encoding.UTF8.GetString(fields.Uid));
        Assert.Equal("T1I", Encoding.UTF8.GetString(fields.Code));
        Assert.Equal("s\"1", Encoding.UTF8.GetString(fields.SessionId));
        Assert.Equal(int.MaxValue, fields.Index);
    }

    [Fact]
    public void The_stable_id_is_the_SHA256_of_the_bytes() =>
        Assert.Equal("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", EventDocument.StableId("{}"u8));
}
