using Gatehouse.EventHandler.State;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class StateDirectoryTests
{
    [Theory]
    [InlineData("localhost:3025", "/s/localhost_3025")]
    [InlineData("example.teleport.sh:443", "/s/example.teleport.sh_443")]
    [InlineData("[::1]:3025", "/s/::1_3025")]
    [InlineData("host:", "/s/host_")]
    public void The_address_names_the_directory(string addr, string expected) =>
        Assert.Equal(expected, StateDirectory.PathFor("/s", addr));

    [Theory]
    [InlineData("", "missing port in address")]
    [InlineData("example.test", "address example.test: missing port in address")]
    [InlineData("https://example.test:443", "address https://example.test:443: too many colons in address")]
    [InlineData(":", "Can not generate cursor name from Teleport host :")]
    public void An_address_that_can_not_is_refused_in_upstreams_words(string addr, string expected) =>
        Assert.Equal(expected, Assert.Throws<StateException>(() => StateDirectory.PathFor("/s", addr)).Message);
}
