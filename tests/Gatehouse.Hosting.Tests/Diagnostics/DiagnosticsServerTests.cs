using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Gatehouse.Hosting.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Gatehouse.Hosting.Tests.Diagnostics;

public sealed class DiagnosticsServerTests
{
    private static readonly DiagnosticsAddress Loopback = new(IPAddress.Loopback, 0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private static Task<DiagnosticsServer> Start(ReadinessRegistry readiness, MetricsCollector metrics, DiagnosticsAddress? address = null) =>
        DiagnosticsServer.StartAsync(address ?? Loopback, readiness, metrics, NullLoggerFactory.Instance, Cancellation);

    [Fact]
    public async Task A_living_process_is_healthy_before_it_is_ready()
    {
        var cluster = "connecting to example.test:443";
        var readiness = new ReadinessRegistry();
        readiness.Add("cluster", () => cluster);
        readiness.Add("receiver", () => throw new InvalidOperationException("broken"));
        readiness.Add("state", () => null);
        using var metrics = new MetricsCollector(_ => false);
        await using var server = await Start(readiness, metrics);
        using var client = new HttpClient { BaseAddress = server.Url };

        Assert.Equal("ok\n", await client.GetStringAsync("/healthz", Cancellation));
        using var notReady = await client.GetAsync("/readyz", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, notReady.StatusCode);
        Assert.Equal("cluster: connecting to example.test:443\nreceiver: broken\n", await notReady.Content.ReadAsStringAsync(Cancellation));
    }

    [Fact]
    public async Task When_nothing_is_missing_it_is_ready()
    {
        var readiness = new ReadinessRegistry();
        readiness.Add("cluster", () => null);
        using var metrics = new MetricsCollector(_ => false);
        await using var server = await Start(readiness, metrics);
        using var client = new HttpClient { BaseAddress = server.Url };
        Assert.Equal("ok\n", await client.GetStringAsync("/readyz", Cancellation));
    }

    [Fact]
    public async Task Metrics_are_served_as_Prometheus_reads_them()
    {
        using var meter = new Meter("Gatehouse.ServerTest");
        using var metrics = new MetricsCollector();
        meter.CreateCounter<int>("gatehouse.served", "{time}").Add(7);
        await using var server = await Start(new ReadinessRegistry(), metrics);
        using var client = new HttpClient { BaseAddress = server.Url };
        using var answer = await client.GetAsync("/metrics", Cancellation);
        Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
        var text = await answer.Content.ReadAsStringAsync(Cancellation);
        Assert.Contains("gatehouse_served_total 7\n", text, StringComparison.Ordinal);
        // The runtime's own.
        Assert.Contains("dotnet_process_memory_working_set_bytes ", text, StringComparison.Ordinal);
        Assert.Contains("dotnet_process_cpu_time_seconds_total{cpu_mode=\"user\"} ", text, StringComparison.Ordinal);
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
            Assert.Matches("""^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{[^{}]*\})? [-+0-9.eEInfNa]+)$""", line);
    }

    [Theory]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    [InlineData("GET", "/debug/pprof", HttpStatusCode.NotFound)]
    [InlineData("POST", "/metrics", HttpStatusCode.MethodNotAllowed)]
    [InlineData("HEAD", "/healthz", HttpStatusCode.OK)]
    public async Task Anything_else_is_said_no_to(string method, string path, HttpStatusCode expected)
    {
        using var metrics = new MetricsCollector(_ => false);
        await using var server = await Start(new ReadinessRegistry(), metrics);
        using var client = new HttpClient { BaseAddress = server.Url };
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await client.SendAsync(request, Cancellation);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var metrics = new MetricsCollector(_ => false);
        var refusal = await Assert.ThrowsAsync<IOException>(() => Start(new ReadinessRegistry(), metrics, new(IPAddress.Loopback, port)));
        Assert.Contains($"127.0.0.1:{port}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("in use", refusal.Message, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("choose another port", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_of_another_host_is_named_with_a_hint()
    {
        using var metrics = new MetricsCollector(_ => false);
        var refusal = await Assert.ThrowsAsync<IOException>(() => Start(new ReadinessRegistry(), metrics, new(IPAddress.Parse("192.0.2.1"), 3000)));
        Assert.Contains("192.0.2.1:3000", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("this host does not have that address", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_host_every_address_listens()
    {
        using var metrics = new MetricsCollector(_ => false);
        await using var server = await Start(new ReadinessRegistry(), metrics, new(null, 0));
        using var client = new HttpClient();
        foreach (var host in (string[])["127.0.0.1", Socket.OSSupportsIPv6 ? "[::1]" : "127.0.0.1"])
            Assert.Equal("ok\n", await client.GetStringAsync($"http://{host}:{server.Url.Port}/healthz", Cancellation));
    }

    [Theory]
    [InlineData("127.0.0.1:3000", "127.0.0.1:3000")]
    [InlineData(":3000", ":3000")]
    [InlineData("0.0.0.0:3000", ":3000")]
    [InlineData("[::1]:3000", "[::1]:3000")]
    [InlineData("localhost:0", "127.0.0.1:0")]
    public void An_address_can_be_written_in_these_ways(string text, string expected)
    {
        Assert.Equal(expected, DiagnosticsAddress.TryParse(text, out var problem)?.ToString());
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("3000", "address 3000: missing port in address")]
    [InlineData("", "missing port in address")]
    [InlineData("127.0.0.1:http", "address 127.0.0.1:http: \"http\" is not a port")]
    [InlineData("127.0.0.1:70000", "address 127.0.0.1:70000: \"70000\" is not a port")]
    [InlineData("example.test:1", "address example.test:1: \"example.test\" is not an address of this host; write an IP address, localhost, or nothing for all")]
    [InlineData("::1:1", "address ::1:1: too many colons in address")]
    public void An_address_that_is_none_is_explained(string text, string expected)
    {
        Assert.Null(DiagnosticsAddress.TryParse(text, out var problem));
        Assert.Equal(expected, problem);
    }
}
