using System.Text.Json;
using Gatehouse.Api.AuditLog.V1;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>State directories that the real handler left behind, over the log of the cluster it read.</summary>
public sealed class GoldenPositionTests
{
    [Theory]
    [InlineData("killed-on-third-page-batch-5")]
    [InlineData("first-page")]
    [InlineData("session-given-up")]
    [InlineData("session-killed-at-index-4")]
    [InlineData("nothing-delivered-yet")]
    public async Task Reading_goes_on_where_upstream_stopped(string situation)
    {
        var golden = Repository.PathOf("tests", "data", "handler-golden");
        using var directory = new TemporaryCopy(Path.Combine(golden, "state", situation));
        var clock = new WaitingClock(new DateTimeOffset(2026, 11, 21, 1, 0, 0, TimeSpan.Zero));
        await using var cluster = await ScriptedCluster.StartAsync();
        cluster.Log.InLogOrder = true;
        var log = File.ReadLines(Path.Combine(golden, "server-audit-log.jsonl")).Select(Event).ToArray();
        cluster.Log.Add(log);
        await using var checkpoint = Checkpoint.Open(directory.Path, clock);
        var last = checkpoint.State.TakenOver?.Id;

        await using var run = await SourceRun.ToTheEndAsync(cluster, SourceRun.Plan(5), checkpoint.State, clock);

        var next = Array.FindIndex(log, e => e.Id == last) + 1;
        Assert.Equal(situation == "nothing-delivered-yet" ? 0 : 1, Math.Sign(next));
        Assert.Equal(log[next..].Select(e => e.Id).Order(), run.Delivered.Order());
        Assert.Equal(0, run.Logger.Count(3118));
    }

    private static EventUnstructured Event(string line)
    {
        var document = JsonDocument.Parse(line).RootElement;
        var id = document.TryGetProperty("uid", out var uid) ? uid.GetString()! : Guid.NewGuid().ToString();
        return ScriptedEvents.Make(
            id, document.GetProperty("time").GetDateTime(), document.GetProperty("event").GetString()!);
    }

    private sealed class TemporaryCopy : IDisposable
    {
        public TemporaryCopy(string source)
        {
            foreach (var file in Directory.GetFiles(source))
                File.Copy(file, System.IO.Path.Combine(Path, System.IO.Path.GetFileName(file)));
        }

        public string Path { get; } = Directory.CreateTempSubdirectory("gatehouse-test-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
