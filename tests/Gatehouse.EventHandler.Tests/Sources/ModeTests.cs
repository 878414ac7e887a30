using Gatehouse.Api.AuditLog.V1;
using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class ModeTests : IAsyncLifetime
{
    private static readonly DateTime Noon = SourceRun.Noon.UtcDateTime;
    private static readonly DateOnly Today = DateOnly.FromDateTime(Noon);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ScriptedCluster.StartAsync();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task The_cluster_is_probed_for_bulk_export_two_days_ahead()
    {
        _cluster.HasExport = true;
        var state = new HandlerState();

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(SourceMode.Bulk, state.Mode);
        var probe = Assert.IsType<GetEventExportChunksRequest>(_cluster.Calls[0].Request);
        Assert.Equal(Today.AddDays(2), DateOnly.FromDateTime(probe.Date.ToDateTime()));
        Assert.Empty(_cluster.Searches);
    }

    [Fact]
    public async Task Without_bulk_export_the_log_is_searched()
    {
        var state = new HandlerState();

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(SourceMode.Paged, state.Mode);
        Assert.NotEmpty(_cluster.Searches);
    }

    [Fact]
    public async Task A_probe_that_fails_otherwise_decides_nothing_and_is_made_again()
    {
        _cluster.HasExport = true;
        var refusals = 10;
        _cluster.Refuse = _ => refusals-- > 0 ? new GrpcException(GrpcStatus.Internal, "not now") : null;
        var state = new HandlerState();

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(SourceMode.Bulk, state.Mode);
    }

    [Fact]
    public async Task A_directory_in_bulk_mode_stays_in_it_without_a_probe()
    {
        _cluster.HasExport = true;
        var state = new HandlerState { Mode = SourceMode.Bulk };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(Today, DateOnly.FromDateTime(((GetEventExportChunksRequest)_cluster.Calls[0].Request!).Date.ToDateTime()));
    }

    [Trait("Difference", "bulk-after-searches")]
    [Fact]
    public async Task When_a_cluster_gets_bulk_export_nothing_is_lost_and_nothing_comes_twice()
    {
        var events = ScriptedEvents.Series("e", 300, Noon.AddDays(-2), TimeSpan.FromMinutes(9)).ToArray();
        var plan = SourceRun.Plan() with { StartTime = new DateTimeOffset(Noon.AddDays(-3), TimeSpan.Zero) };
        var state = new HandlerState();
        _cluster.Log.Add(events[..150]);
        await using (var searched = await SourceRun.ToTheEndAsync(_cluster, plan, state))
            Assert.Equal(150, searched.Delivered.Count);

        _cluster.HasExport = true;
        foreach (var day in events.GroupBy(e => DateOnly.FromDateTime(e.Time.ToDateTime())))
            _cluster.Export.Add(day.Key, "chunk", day);
        await using var run = await SourceRun.ToTheEndAsync(_cluster, plan, state);

        Assert.Equal(events[150..].Select(e => e.Id), run.Delivered.OrderBy(id => int.Parse(id[2..], null)));
    }

    [Fact]
    public async Task A_position_of_upstreams_searches_holds_when_the_cluster_has_bulk_export()
    {
        _cluster.HasExport = true;
        var events = ScriptedEvents.Series("e", 100, Noon.AddHours(-1), TimeSpan.FromSeconds(1)).ToArray();
        _cluster.Log.Add(events);
        _cluster.Export.Add(Today, "chunk", events);
        var state = new HandlerState { TakenOver = new UpstreamPosition("e-39", "e-47", null) };

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan(), state);

        Assert.Equal(Enumerable.Range(48, 52).Select(i => $"e-{i}"), run.Delivered);
    }
}
