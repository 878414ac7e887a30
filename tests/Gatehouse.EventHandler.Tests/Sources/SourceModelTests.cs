using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>Both sources beside the plainest of models, a list of what was written to the log, with everything going wrong at random.</summary>
public sealed class SourceModelTests
{
    private static readonly DateTime Noon = SourceRun.Noon.UtcDateTime;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Searches_deliver_what_was_written_exactly_once_whatever_happens(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var cluster = await ScriptedCluster.StartAsync();
        cluster.Log.InLogOrder = random.Next(2) == 0;
        cluster.Log.WholeSeconds = random.Next(2) == 0;
        // The server's threads have dice of their own, which may be shared.
        cluster.Log.HasForgotten = _ => Random.Shared.Next(25) == 0;
        cluster.Refuse = call => call.Method == "GetUnstructuredEvents" && Random.Shared.Next(20) == 0
            ? new GrpcException(Pick(Random.Shared, GrpcStatus.Unavailable, GrpcStatus.DeadlineExceeded, GrpcStatus.Unknown), "at random") : null;
        var clock = new WaitingClock(SourceRun.Noon);
        var state = new HandlerState();
        var written = new List<string>();
        var delivered = new List<string>();

        for (var start = 0; start < 8; start++)
        {
            await using var run = SourceRun.Start(cluster, SourceRun.Plan(random.Next(1, 40)), state, clock);
            for (var step = 0; step < 6; step++)
            {
                var now = clock.GetUtcNow().UtcDateTime;
                for (var i = random.Next(40); i > 0; i--)
                    Write(now.AddMilliseconds(-random.Next(500)));
                if (random.Next(4) == 0)
                {
                    for (var i = random.Next(100); i > 0; i--)
                        Write(now);
                }
                // Up to nine and a half minutes behind the newest.
                for (var i = random.Next(5); i > 0; i--)
                    Write(now.AddSeconds(-random.Next(570)));
                var target = random.Next(run.Delivered.Count, run.Delivered.Count + written.Count - delivered.Count - run.Delivered.Count + 1);
                await run.UntilDeliveredAsync(target);
                if (random.Next(10) == 0)
                {
                    await cluster.StopAsync();
                    var stopped = clock.GetUtcNow();
                    await run.UntilAsync(() => clock.GetUtcNow() - stopped > TimeSpan.FromSeconds(10));
                    await cluster.StartAgainAsync();
                }
            }
            await run.StopAsync();
            delivered.AddRange(run.Delivered);
        }
        cluster.Log.HasForgotten = _ => false;
        await using var rest = await SourceRun.ToTheEndAsync(cluster, SourceRun.Plan(), state, clock);
        delivered.AddRange(rest.Delivered);

        Assert.Equal(written.Order(), delivered.Order());

        void Write(DateTime moment)
        {
            var id = $"e-{written.Count}";
            written.Add(id);
            cluster.Log.Add(ScriptedEvents.Make(id, moment));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Bulk_export_delivers_what_was_written_exactly_once_whatever_happens(int seed)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var cluster = await ScriptedCluster.StartAsync();
        cluster.HasExport = true;
        cluster.Refuse = _ => Random.Shared.Next(20) == 0
            ? new GrpcException(Pick(Random.Shared, GrpcStatus.Unavailable, GrpcStatus.NotFound, GrpcStatus.Internal), "at random") : null;
        var clock = new WaitingClock(SourceRun.Noon);
        var plan = SourceRun.Plan() with { StartTime = new DateTimeOffset(Noon.AddDays(-4), TimeSpan.Zero) };
        var state = new HandlerState();
        var written = new List<string>();
        var delivered = new List<string>();
        var chunks = 0;

        for (var start = 0; start < 8; start++)
        {
            await using var run = SourceRun.Start(cluster, plan, state, clock);
            for (var step = 0; step < 5; step++)
            {
                var today = DateOnly.FromDateTime(clock.GetUtcNow().UtcDateTime);
                for (var i = random.Next(4); i > 0; i--)
                    WriteChunk(today.AddDays(-random.Next(start == 0 ? 1 : 3)));
                var outstanding = written.Count - delivered.Count - run.Delivered.Count;
                await run.UntilDeliveredAsync(run.Delivered.Count + random.Next(outstanding + 1));
            }
            await run.StopAsync();
            delivered.AddRange(run.Delivered);
            if (start is 3 or 5)
                clock.Advance(TimeSpan.FromDays(1));
        }
        await using var rest = await SourceRun.ToTheEndAsync(cluster, plan, state, clock);
        delivered.AddRange(rest.Delivered);

        Assert.Equal(written.Order(), delivered.Order());

        void WriteChunk(DateOnly day)
        {
            var count = Pick(random, 1, 1, 30, 300);
            var first = day.ToDateTime(new TimeOnly(13, 0));
            var events = ScriptedEvents.Series($"c{chunks}", count, first, TimeSpan.FromMilliseconds(5)).ToArray();
            written.AddRange(events.Select(e => e.Id));
            var chunk = cluster.Export.Add(day, $"chunk-{chunks++}", events);
            for (var i = random.Next(4); i > 0; i--)
                chunk.FailOnceAt(random.Next(count + 1));
        }
    }

    private static T Pick<T>(Random random, params T[] from) => from[random.Next(from.Length)];
}
