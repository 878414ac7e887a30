using Gatehouse.Hosting.Settings;
using Xunit;

namespace Gatehouse.Hosting.Tests.Settings;

public class GoFormatTests
{
    [Theory]
    [InlineData("0", "0s")]
    [InlineData("5s", "5s")]
    [InlineData("1m", "1m0s")]
    [InlineData("90m", "1h30m0s")]
    [InlineData("1h30m0.5s", "1h30m0.5s")]
    [InlineData("-1h", "-1h0m0s")]
    [InlineData("+2s", "2s")]
    [InlineData("500ms", "500ms")]
    [InlineData("1.5µs", "1.5µs")]
    [InlineData("100us", "100µs")]
    [InlineData("1ns", "100ns")]
    [InlineData(".5h", "30m0s")]
    [InlineData("2540400h", "2540400h0m0s")]
    public void A_duration_is_read_and_shown_as_Go_does(string text, string shown)
    {
        Assert.True(GoDuration.TryParse(text, out var value, out var error), error);
        Assert.Equal(shown, GoDuration.Format(value));
    }

    [Theory]
    [InlineData("", "time: invalid duration \"\"")]
    [InlineData("-", "time: invalid duration \"-\"")]
    [InlineData("7", "time: missing unit in duration \"7\"")]
    [InlineData("1d", "time: unknown unit \"d\" in duration \"1d\"")]
    [InlineData("1h2", "time: missing unit in duration \"1h2\"")]
    [InlineData("s", "time: invalid duration \"s\"")]
    [InlineData("1..5s", "time: invalid duration \"1..5s\"")]
    [InlineData("9999999999h", "time: invalid duration \"9999999999h\"")]
    [InlineData("99999999999999999999999999999999s", "time: invalid duration \"99999999999999999999999999999999s\"")]
    public void A_wrong_duration_is_refused_in_Gos_words(string text, string expected)
    {
        Assert.False(GoDuration.TryParse(text, out _, out var error));
        Assert.Equal(expected, error);
    }

    [Theory]
    [InlineData("2021-02-03T04:05:06Z", "2021-02-03T04:05:06.0000000+00:00")]
    [InlineData("2021-02-03T04:05:06.789Z", "2021-02-03T04:05:06.7890000+00:00")]
    [InlineData("2021-02-03T04:05:06.123456789+02:00", "2021-02-03T04:05:06.1234567+02:00")]
    [InlineData("2024-02-29T23:59:59-07:30", "2024-02-29T23:59:59.0000000-07:30")]
    public void An_instant_is_read_with_its_offset(string text, string expected)
    {
        Assert.True(GoTime.TryParse(text, out var value, out var error), error);
        Assert.Equal(expected, value.ToString("O", System.Globalization.CultureInfo.InvariantCulture));
    }

    [Theory]
    [InlineData("", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"2006\"")]
    [InlineData("garbage", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"garbage\" as \"2006\"")]
    [InlineData("2021-02-03", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"T\"")]
    [InlineData("2021-02-03 04:05:06Z", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \" 04:05:06Z\" as \"T\"")]
    [InlineData("2021-02-03T04:05:06", " as \"2006-01-02T15:04:05Z07:00\": cannot parse \"\" as \"Z07:00\"")]
    [InlineData("2021-13-03T04:05:06Z", ": month out of range")]
    [InlineData("2021-02-29T04:05:06Z", ": day out of range")]
    [InlineData("2021-02-03T24:05:06Z", ": hour out of range")]
    [InlineData("2021-01-01T00:00:00Z\n", ": extra text: \"\n\"")]
    public void A_wrong_instant_is_refused_in_Gos_words(string text, string expected)
    {
        Assert.False(GoTime.TryParse(text, out _, out var error));
        Assert.Equal($"parsing time \"{text}\"{expected}", error);
    }

    [Theory]
    [InlineData("https://user:pass@host:1/x", "https://••••••@host:1/x")]
    [InlineData("https://host/x?token=T&noop=", "https://host/x?token=••••••&noop=")]
    [InlineData("https://host/@x", "https://host/@x")]
    [InlineData("http://", "http://")]
    [InlineData("localhost:3025", "localhost:3025")]
    public void Passwords_and_tokens_in_urls_are_dots(string url, string shown) => Assert.Equal(shown, MaskedUrl.Of(url));
}
