using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Sources;

/// <summary>A cluster that takes a call and never answers it, as a proxy does whose backend is stuck.</summary>
public sealed class SilenceTests : IAsyncLifetime
{
    private static readonly DateTime Start = SourceRun.Noon.UtcDateTime.AddHours(-1);
    private static readonly DateOnly Today = DateOnly.FromDateTime(Start);
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);
    private ScriptedCluster _cluster = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await ScriptedCluster.StartAsync();
        _cluster.HasExport = true;
    }

    public async ValueTask DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_list_that_is_not_answered_is_said_and_asked_for_again(int call)
    {
        _cluster.Export.Add(Today, "chunk", ScriptedEvents.Series("e", 3, Start, TimeSpan.FromSeconds(1)));
        var lists = 0;
        // The first list is the question which mode the cluster has.
        _cluster.Hold = (_, aborted) => ++lists == call ? Task.Delay(Timeout.Infinite, aborted) : Task.CompletedTask;

        await using var run = SourceRun.Start(_cluster, SourceRun.Plan(), patience: Patience);
        await run.UntilDeliveredAsync(3);

        Assert.Contains("DeadlineExceeded", run.Logger.Lines.First(line => line.Id == 3102).Text, StringComparison.Ordinal);
        Assert.True(run.Logger.Count(3103) > 0);
    }

    [Fact]
    public async Task A_chunk_that_falls_silent_is_opened_again_behind_its_last_event_and_holds_up_no_other_day()
    {
        var yesterday = Today.AddDays(-1);
        var silent = _cluster.Export.AddOpen(yesterday, "silent");
        silent.Add(ScriptedEvents.Make("before", Start.AddDays(-1)));
        _cluster.Export.Add(Today, "chunk", ScriptedEvents.Make("today", Start));

        await using var run = SourceRun.Start(
            _cluster, SourceRun.Plan() with { StartTime = SourceRun.Noon.AddDays(-2) }, patience: Patience);
        await run.UntilDeliveredAsync(2);
        silent.Add(ScriptedEvents.Make("behind", Start.AddDays(-1)));
        await run.UntilDeliveredAsync(3);

        Assert.Equal(["before", "today", "behind"], run.Delivered);
        Assert.True(run.Logger.Count(3102) > 0);
    }
}
