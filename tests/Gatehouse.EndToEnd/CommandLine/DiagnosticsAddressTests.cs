using System.Net;
using System.Net.Sockets;
using Gatehouse.EndToEnd.Golden;
using Xunit;

namespace Gatehouse.EndToEnd.CommandLine;

/// <summary>A diagnostics address that cannot be had ends the start with one line that says where and what to do.</summary>
public sealed class DiagnosticsAddressTests
{
    [Fact]
    public async Task A_taken_port_ends_the_start_with_one_line_and_exit_one()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var address = taken.LocalEndpoint.ToString()!;
        await AssertRefusedAsync(address, $"Can not listen on {address} for diagnostics: Address already in use; another program, or another handler, listens there: choose another port");
    }

    [Fact]
    public Task An_address_of_another_host_ends_the_start_with_one_line_and_exit_one() =>
        AssertRefusedAsync(
            "192.0.2.1:3000",
            "Can not listen on 192.0.2.1:3000 for diagnostics: Cannot assign requested address; this host does not have that address: write one of its own, or only :PORT for all");

    private static async Task AssertRefusedAsync(string address, string expected)
    {
        await using var desk = await GoldenDesk.SetUpAsync();
        var end = await desk.RunAsync([.. desk.StartFlags("storage"), "--diag-addr", address]);
        Assert.Equal(1, end.Exit);
        var told = end.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).SkipWhile(line => line.StartsWith("time=", StringComparison.Ordinal));
        Assert.Equal([$"teleport-event-handler: error: {expected}"], told);
        Assert.DoesNotContain(end.Log, line => line.Message.Contains("Kestrel", StringComparison.Ordinal));
        Assert.Empty(desk.Receiver.Requests);
        Assert.False(Directory.Exists(Path.Combine(desk.Dir, "storage")), "a start that is refused leaves no state behind");
    }
}
