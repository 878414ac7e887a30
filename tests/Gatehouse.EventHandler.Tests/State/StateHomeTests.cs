using Gatehouse.EventHandler.State;
using Gatehouse.EventHandler.Tests.Sources;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

/// <summary>What a start makes of the state directory and the settings that say where to begin.</summary>
public sealed class StateHomeTests : IDisposable
{
    private readonly TemporaryFolder _storage = new();
    private readonly FakeTimeProvider _time = new(SourceRun.Noon);

    public void Dispose() => _storage.Dispose();

    private ExportPlan Plan(string? startAfter, DateTimeOffset? startTime) =>
        SourceRun.Plan() with { Storage = _storage.Path, StartAfterId = startAfter, StartTime = startTime };

    private Task<StateHome> OpenAsync(string? startAfter, DateTimeOffset? startTime) =>
        StateHome.OpenAsync(Plan(startAfter, startTime), NullLoggerFactory.Instance, _time);

    [Fact]
    public async Task An_event_to_begin_behind_is_not_looked_for_from_now_on()
    {
        var refused = await Assert.ThrowsAsync<StateException>(() => OpenAsync("last-event", null));

        Assert.Contains("--cursor", refused.Message, StringComparison.Ordinal);
        Assert.Contains("--start-time", refused.Message, StringComparison.Ordinal);
        await using var home = await OpenAsync("last-event", SourceRun.Noon.AddDays(-7));
        Assert.Equal(SourceRun.Noon.AddDays(-7), home.StartTime);
    }

    [Fact]
    public async Task A_state_that_is_there_needs_no_start_time_beside_the_event()
    {
        await using (var first = await OpenAsync(null, SourceRun.Noon.AddDays(-7)))
            await first.Checkpoint.CommitAsync([.. first.Beginning], TestContext.Current.CancellationToken);

        await using var home = await OpenAsync("last-event", null);

        Assert.Equal(SourceRun.Noon.AddDays(-7), home.StartTime);
        Assert.Null(home.RefusalOf(Plan("another", null), _time));
    }
}
