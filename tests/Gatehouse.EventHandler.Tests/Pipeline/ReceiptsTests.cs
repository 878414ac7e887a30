using Gatehouse.EventHandler.Outputs;
using Gatehouse.EventHandler.Pipeline;
using Gatehouse.EventHandler.Sources;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Pipeline;

public class ReceiptsTests
{
    private readonly Receipts _receipts = new();
    private readonly List<Receipt> _progress = [];

    [Fact]
    public void Progress_never_passes_a_batch_that_is_not_settled()
    {
        var first = Open(slices: 2);
        var second = Open(slices: 1);
        Settle(second, 0);
        Assert.Empty(_progress);
        Settle(first, 1);
        Assert.Empty(_progress);
        Settle(first, 0);
        Assert.Equal([first, second], _progress);
        Assert.Equal(0, _receipts.Outstanding);
    }

    [Fact]
    public void What_is_left_at_the_end_does_not_count_as_settled()
    {
        var first = Open(slices: 1);
        var second = Open(slices: 1);
        Settle(first, 0);
        Assert.Equal([second], _receipts.Abandon());
        Assert.Equal([first], _progress);
    }

    [Fact]
    public void A_batch_without_events_is_progress_when_its_turn_comes()
    {
        var first = Open(slices: 1);
        var empty = Open(slices: 0);
        Assert.Empty(_progress);
        Settle(first, 0);
        Assert.Equal([first, empty], _progress);
    }

    [Fact]
    public void Any_order_of_settling_gives_progress_in_the_order_of_reading()
    {
        var random = new Random(7);
        var opened = Enumerable.Range(0, 200).Select(_ => Open(slices: random.Next(1, 4))).ToList();
        var slices = opened.SelectMany(receipt => Enumerable.Range(0, receipt.Slices.Count).Select(slice => (receipt, slice))).ToArray();
        random.Shuffle(slices);
        foreach (var (receipt, slice) in slices)
            Settle(receipt, slice);
        Assert.Equal(opened, _progress);
    }

    private Receipt Open(int slices)
    {
        var batch = Some.Batch([.. Enumerable.Repeat("user.login", slices)]);
        var receipt = new Receipt(new SourceBatch(batch, []), Slices.Cut(batch, new OutputLimits(1, int.MaxValue, 1)), DateTimeOffset.UnixEpoch);
        _receipts.Open(receipt, _progress.Add);
        return receipt;
    }

    private void Settle(Receipt receipt, int slice) => _receipts.Settle(receipt, slice, _progress.Add);
}
