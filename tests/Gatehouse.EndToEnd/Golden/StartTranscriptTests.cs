using Gatehouse.EndToEnd.Running;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>Starts of the real handler that came to a good end: ours says the same in the same order and ends alike.</summary>
public sealed class StartTranscriptTests : IAsyncLifetime
{
    private GoldenDesk _desk = null!;

    public async ValueTask InitializeAsync() => _desk = await GoldenDesk.SetUpAsync();

    public async ValueTask DisposeAsync() => await _desk.DisposeAsync();

    [Theory]
    [InlineData("triple-direct")]
    [InlineData("batch-0")]
    [InlineData("batch-neg")]
    [InlineData("batch-1")]
    [InlineData("dry-run")]
    [InlineData("types-none-match")]
    [InlineData("lock-count-0")]
    [InlineData("start-time-first")]
    [InlineData("start-time-zone-first")]
    public async Task A_good_start_says_upstreams_lines(string name)
    {
        var golden = Transcript.Of("start-errors", name);
        var end = await _desk.RunAsync(golden);
        Assert.Equal(golden.Exit, end.Exit);
        Words.AssertSaid(_desk, golden, end);
    }
}
