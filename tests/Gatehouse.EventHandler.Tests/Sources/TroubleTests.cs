using Gatehouse.Api.Grpc;
using Gatehouse.EventHandler.Sources;
using Gatehouse.EventHandler.State;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

public sealed class TroubleTests : IAsyncLifetime
{
    private static readonly DateTime Start = SourceRun.Noon.UtcDateTime.AddHours(-1);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync() => _cluster = await ScriptedCluster.StartAsync();

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Trait("Difference", "auth-restart")]
    [Fact]
    public async Task A_cluster_that_restarts_is_waited_for_with_one_word_in_the_log()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 30, Start, TimeSpan.FromSeconds(1)));
        var clock = new WaitingClock(SourceRun.Noon);
        await using var run = SourceRun.Start(_cluster, SourceRun.Plan(), clock: clock);
        await run.UntilDeliveredAsync(30);

        await _cluster.StopAsync();
        var began = clock.GetUtcNow();
        await run.UntilAsync(() => clock.GetUtcNow() - began > TimeSpan.FromMinutes(10));
        await _cluster.StartAgainAsync();
        _cluster.Log.Add(ScriptedEvents.Make("after", clock.GetUtcNow().UtcDateTime));
        await run.UntilDeliveredAsync(31);

        Assert.Equal("after", run.Delivered[^1]);
        Assert.Equal(1, run.Logger.Count(3101));
        Assert.Equal(1, run.Logger.Count(3103));
        Assert.Contains("Failed to connect to Teleport Auth server. Reconnecting...", run.Logger.Lines.Single(line => line.Id == 3101).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cluster_that_goes_away_between_two_pages_costs_and_repeats_nothing()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 200, Start, TimeSpan.FromSeconds(1)));
        var refusals = 3;
        _cluster.Refuse = call => _cluster.Log.Pages == 4 && refusals-- > 0 ? new GrpcException(GrpcStatus.Unavailable, "going away") : null;

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"e-{i}"), run.Delivered);
    }

    [Trait("Difference", "fetch-errors")]
    [Theory]
    [InlineData(GrpcStatus.DeadlineExceeded)]
    [InlineData(GrpcStatus.ResourceExhausted)]
    [InlineData(GrpcStatus.Internal)]
    [InlineData(GrpcStatus.Unknown)]
    [InlineData(GrpcStatus.Unauthenticated)]
    public async Task Whatever_may_pass_is_waited_out(GrpcStatus status)
    {
        _cluster.Log.Add(ScriptedEvents.Make("e", Start));
        var refusals = 20;
        _cluster.Refuse = _ => refusals-- > 0 ? new GrpcException(status, "not now") : null;

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(["e"], run.Delivered);
        Assert.Equal(1, run.Logger.Lines.Count(line => line.Level == LogLevel.Warning));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Denied_access_ends_the_source_in_the_servers_words(bool hasExport)
    {
        const string Words = "access denied to perform action \"list\" on \"event\"";
        _cluster.HasExport = hasExport;
        _cluster.Refuse = _ => new GrpcException(GrpcStatus.PermissionDenied, Words);

        var denied = await Assert.ThrowsAsync<SourceException>(() => SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan()));

        Assert.Equal(Words, denied.Message);
    }

    [Trait("Difference", "old-clusters")]
    [Fact]
    public async Task A_cluster_older_than_13_1_is_refused_in_clear_words()
    {
        _cluster.Refuse = call => new GrpcException(GrpcStatus.Unimplemented, "unknown service teleport.auditlog.v1.AuditLogService");

        var refused = await Assert.ThrowsAsync<SourceException>(() => SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan()));

        Assert.Contains("13.1", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_argument_the_server_refuses_ends_the_source_in_its_words()
    {
        _cluster.Refuse = call => call.Method == "GetUnstructuredEvents" ? new GrpcException(GrpcStatus.InvalidArgument, "invalid days") : null;

        var refused = await Assert.ThrowsAsync<SourceException>(() => SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan()));

        Assert.Equal("invalid days", refused.Message);
    }

    [Fact]
    public async Task A_refused_page_key_is_gone_on_from_by_time()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 100, Start, TimeSpan.FromSeconds(1)));
        _cluster.Refuse = call => call.Request is Gatehouse.Api.AuditLog.V1.GetUnstructuredEventsRequest { StartKey: "e-39" }
            ? new GrpcException(GrpcStatus.InvalidArgument, "bad page key") : null;

        await using var run = await SourceRun.ToTheEndAsync(_cluster, SourceRun.Plan());

        Assert.Equal(Enumerable.Range(0, 100).Select(i => $"e-{i}"), run.Delivered);
        Assert.True(run.Logger.Count(3111) > 0);
    }

    [Fact]
    public async Task Stopping_ends_a_source_that_waits_for_the_cluster()
    {
        await _cluster.StopAsync();
        await using var run = SourceRun.Start(_cluster, SourceRun.Plan());
        await run.UntilAsync(() => run.Logger.Count(3101) > 0);

        await run.StopAsync();

        Assert.True(run.Ended.IsCanceled);
    }

    [Fact]
    public async Task A_range_that_takes_too_long_to_search_is_read_in_shorter_windows()
    {
        _cluster.Log.Add(ScriptedEvents.Series("e", 200, Start.AddDays(-2), TimeSpan.FromMinutes(10)));
        _cluster.Refuse = call =>
            call.Request is Gatehouse.Api.AuditLog.V1.GetUnstructuredEventsRequest search
            && search.EndDate.ToDateTime() - search.StartDate.ToDateTime() > TimeSpan.FromHours(5)
                ? new GrpcException(GrpcStatus.DeadlineExceeded, "too slow") : null;

        await using var run = await SourceRun.ToTheEndAsync(
            _cluster, SourceRun.Plan() with { StartTime = new DateTimeOffset(Start.AddDays(-3)) });

        Assert.Equal(Enumerable.Range(0, 200).Select(i => $"e-{i}"), run.Delivered);
        Assert.True(run.Logger.Count(3119) > 0);
    }
}
