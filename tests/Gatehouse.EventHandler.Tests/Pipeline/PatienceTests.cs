using Gatehouse.EventHandler.Pipeline;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

public sealed class PatienceTests : IDisposable
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new();
    private readonly Patience _patience;

    public PatienceTests() => _patience = new Patience(2 * Minute, _time);

    public void Dispose() => _patience.Dispose();

    [Fact]
    public void It_is_over_after_its_time_and_does_not_run_before_its_beginning()
    {
        _time.Advance(10 * Minute);
        _patience.Begin();
        AssertOverAfter(2 * Minute);
    }

    [Fact]
    public void It_begins_anew_when_the_other_side_is_back()
    {
        _patience.Begin();
        _time.Advance(Minute);
        _patience.Away(10 * Minute);
        AssertOverAfter(12 * Minute);
    }

    [Fact]
    public void A_pause_that_began_before_it_counts()
    {
        _patience.Away(10 * Minute);
        _time.Advance(Minute);
        _patience.Begin();
        AssertOverAfter(11 * Minute);
    }

    [Fact]
    public void A_shorter_pause_does_not_end_a_longer_one()
    {
        _patience.Begin();
        _patience.Away(10 * Minute);
        _patience.Away(Minute);
        AssertOverAfter(12 * Minute);
    }

    private void AssertOverAfter(TimeSpan time)
    {
        _time.Advance(time - TimeSpan.FromSeconds(1));
        Assert.False(_patience.Over.IsCancellationRequested);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(_patience.Over.IsCancellationRequested);
    }
}
