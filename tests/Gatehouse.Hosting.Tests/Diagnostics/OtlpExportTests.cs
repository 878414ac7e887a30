using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Gatehouse.Hosting.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gatehouse.Hosting.Tests.Diagnostics;

public sealed class OtlpExportTests
{
    [Theory]
    [InlineData("", false)]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317", true)]
    [InlineData("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://127.0.0.1:4317", true)]
    [InlineData("OTEL_METRICS_EXPORTER=otlp", true)]
    [InlineData("OTEL_METRICS_EXPORTER=none OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317", false)]
    [InlineData("OTEL_SDK_DISABLED=true OTEL_METRICS_EXPORTER=otlp", false)]
    [InlineData("OTEL_SERVICE_NAME=x", false)]
    public void It_runs_when_the_environment_asks_for_it(string environment, bool expected) =>
        Assert.Equal(expected, OtlpExport.IsWanted(Environment(environment)));

    [Fact]
    public async Task A_collector_gets_the_metrics_and_the_name()
    {
        var posts = new List<(string Path, string Body)>();
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var collector = builder.Build();
        collector.Run(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted);
            lock (posts)
                posts.Add((context.Request.Path, Encoding.Latin1.GetString(body.ToArray())));
            context.Response.ContentType = "application/x-protobuf";
        });
        await collector.StartAsync(TestContext.Current.CancellationToken);
        var url = collector.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

        using var meter = new Meter("Gatehouse.OtlpTest");
        var export = OtlpExport.Start("gatehouse-event-handler", "1.2.3", Environment(
            $"OTEL_EXPORTER_OTLP_ENDPOINT={url} OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf OTEL_RESOURCE_ATTRIBUTES=site=north"));
        meter.CreateCounter<int>("gatehouse.otlp.counted").Add(1);
        // The last push comes with the end.
        export!.Dispose();

        var (path, text) = Assert.Single(posts);
        Assert.Equal("/v1/metrics", path);
        foreach (var word in new[] { "gatehouse.otlp.counted", "gatehouse-event-handler", "1.2.3", "site", "north" })
            Assert.Contains(word, text, StringComparison.Ordinal);
    }

    private static Dictionary<string, string?> Environment(string text) =>
        text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(entry => entry.Split('=', 2)).ToDictionary(e => e[0], e => (string?)e[1]);
}
