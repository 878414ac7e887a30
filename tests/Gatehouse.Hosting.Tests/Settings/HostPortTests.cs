using Gatehouse.Hosting.Settings;
using Xunit;

namespace Gatehouse.Hosting.Tests.Settings;

public sealed class HostPortTests
{
    [Theory]
    [InlineData("example.test:3025", "example.test", "3025", 3025)]
    [InlineData("[::1]:443", "::1", "443", 443)]
    [InlineData("[127.0.0.1]:443", "127.0.0.1", "443", 443)]
    [InlineData(":0", "", "0", 0)]
    [InlineData("host:", "host", "", null)]
    [InlineData("host:https", "host", "https", null)]
    [InlineData("host:65536", "host", "65536", null)]
    [InlineData("host:+1", "host", "+1", null)]
    public void An_address_is_split(string text, string host, string port, int? number)
    {
        var parts = HostPort.TryParse(text, out var problem);

        Assert.Null(problem);
        Assert.Equal((new HostPort(host, port), number), (parts, parts!.Number));
    }

    /// <summary>The words of Go's <c>net.SplitHostPort</c>.</summary>
    [Theory]
    [InlineData("", "missing port in address")]
    [InlineData("example.test", "address example.test: missing port in address")]
    [InlineData("[::1]", "address [::1]: missing port in address")]
    [InlineData("[::1]x:1", "address [::1]x:1: missing port in address")]
    [InlineData("::1:443", "address ::1:443: too many colons in address")]
    [InlineData("[::1]:4:4", "address [::1]:4:4: too many colons in address")]
    [InlineData("https://example.test:443", "address https://example.test:443: too many colons in address")]
    [InlineData("[::1:443", "address [::1:443: missing ']' in address")]
    public void What_is_none_is_said_in_known_words(string text, string expected)
    {
        Assert.Null(HostPort.TryParse(text, out var problem));
        Assert.Equal(expected, problem);
    }
}
