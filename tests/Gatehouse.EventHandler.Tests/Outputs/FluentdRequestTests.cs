using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Gatehouse.EventHandler.Outputs;
using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Outputs;

/// <summary>What goes over the wire.</summary>
public class FluentdRequestTests
{
    [Theory]
    [InlineData("requests-audit.jsonl")]
    [InlineData("requests-session.jsonl")]
    public async Task Without_new_settings_requests_are_upstreams(string golden)
    {
        await using var rig = OutputRig.With(ReceiverAnswer.Ok);
        var expected = File.ReadLines(Repository.PathOf("tests", "data", "handler-golden", golden)).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        Assert.NotEmpty(expected);
        foreach (var request in expected)
        {
            var target = request.GetProperty("target").GetString()!;
            var destination = target.StartsWith("/session.", StringComparison.Ordinal) ? Destination.Session(target["/session.".Length..^".log".Length]) : Destination.Audit;
            Assert.IsType<Verdict.Delivered>(await rig.SendAsync(destination, request.GetProperty("body").GetString()!));
        }
        foreach (var (wanted, got) in expected.Zip(rig.Receiver.Requests))
        {
            Assert.Equal(wanted.GetProperty("method").GetString(), got.Method);
            Assert.Equal(wanted.GetProperty("target").GetString(), got.Target);
            Assert.Equal(wanted.GetProperty("version").GetString(), got.Version);
            Assert.Equal(wanted.GetProperty("body").GetString(), got.Text);
            Assert.Equal(Headers(wanted), got.Headers.Select(header => $"{header.Key}: {header.Value}"));
        }

        IEnumerable<string> Headers(JsonElement request) =>
            request.GetProperty("headers").EnumerateArray()
                .Select(header => header[0].GetString() == "Host" ? $"Host: localhost:{rig.Receiver.Port}" : $"{header[0]}: {header[1]}");
    }

    [Fact]
    public async Task A_batch_is_one_array_of_the_documents()
    {
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { BatchSize = 500 });
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{\"a\":1}", "{\"b\":\"ü\"}", "{}"));
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{\"a\":1}"));
        Assert.Equal(["[{\"a\":1},{\"b\":\"ü\"},{}]", "[{\"a\":1}]"], rig.Receiver.Requests.Select(request => request.Text));
        Assert.Equal("application/json", rig.Receiver.Requests[0].Header("Content-Type"));
        Assert.Null(rig.Receiver.Requests[0].Header("Transfer-Encoding"));
    }

    [Fact]
    public async Task Part_of_a_batch_is_sent_without_its_neighbours()
    {
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { BatchSize = 2 });
        using var batch = OutputRig.Batch("{\"n\":0}", "{\"n\":1}", "{\"n\":2}", "{\"n\":3}");
        await rig.Output.SendAsync(new EventSlice(batch, 1, 2), Destination.Audit, TestContext.Current.CancellationToken);
        Assert.Equal("[{\"n\":1},{\"n\":2}]", Assert.Single(rig.Receiver.Requests).Text);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    public async Task A_compressed_body_parses_back_to_the_same(int batchSize)
    {
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { BatchSize = batchSize, Gzip = true });
        var documents = Enumerable.Range(0, batchSize).Select(n => $"{{\"n\":{n},\"text\":\"{new string('ä', n)}\"}}").ToArray();
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync(documents));
        var request = Assert.Single(rig.Receiver.Requests);
        Assert.Equal("gzip", request.Header("Content-Encoding"));
        using var plain = new StreamReader(new GZipStream(new MemoryStream(request.Body), CompressionMode.Decompress), Encoding.UTF8);
        var joined = string.Join(',', documents);
        Assert.Equal(batchSize == 1 ? joined : $"[{joined}]", await plain.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Own_headers_are_added_or_take_the_place_of_ours()
    {
        var headers = new Dictionary<string, Secret>
        {
            ["Authorization"] = new("Splunk 1234"),
            ["X-Token"] = new("t"),
            ["user-agent"] = new("us"),
            ["Content-Type"] = new("application/json; charset=utf-8"),
        };
        await using var rig = new OutputRig(ScriptedReceiver.Start(ReceiverAnswer.Ok), plan => plan with { Headers = headers, Url = plan.Url.Replace("//", "//user:pass@", StringComparison.Ordinal) });
        Assert.IsType<Verdict.Delivered>(await rig.SendAsync("{}"));
        var request = Assert.Single(rig.Receiver.Requests);
        Assert.Equal("Splunk 1234", request.Header("Authorization"));
        Assert.Equal("t", request.Header("X-Token"));
        Assert.Equal("us", request.Header("User-Agent"));
        Assert.Equal("application/json; charset=utf-8", request.Header("Content-Type"));
        Assert.Equal(request.Headers.Count, request.Headers.Select(header => header.Key.ToLowerInvariant()).Distinct().Count());
    }
}
