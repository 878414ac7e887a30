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
        var first = Open(parts: 2);
        var second = Open(parts: 1);
        Settle(second);
        Assert.Empty(_progress);
        Settle(first);
        Assert.Empty(_progress);
        Settle(first);
        Assert.Equal([first, second], _progress);
        Assert.Equal(0, _receipts.Outstanding);
    }

    [Fact]
    public void What_is_left_at_the_end_does_not_count_as_settled()
    {
        var first = Open(parts: 1);
        var second = Open(parts: 1);
        Settle(first);
        Assert.Equal([second], _receipts.Abandon());
        Assert.Equal([first], _progress);
    }

    [Fact]
    public void Any_order_of_settling_gives_progress_in_the_order_of_reading()
    {
        var random = new Random(7);
        var opened = Enumerable.Range(0, 200).Select(_ => Open(parts: random.Next(1, 4))).ToList();
        var parts = opened.SelectMany(receipt => Enumerable.Repeat(receipt, Parts[receipt])).ToArray();
        random.Shuffle(parts);
        foreach (var receipt in parts)
            Settle(receipt);
        Assert.Equal(opened, _progress);
    }

    private Dictionary<Receipt, int> Parts { get; } = [];

    private Receipt Open(int parts)
    {
        var receipt = new Receipt(new SourceBatch(Some.Batch("user.login"), []), parts, DateTimeOffset.UnixEpoch);
        Parts[receipt] = parts;
        _receipts.Open(receipt);
        return receipt;
    }

    private void Settle(Receipt receipt)
    {
        if (receipt.SettlePart())
            _receipts.Advance(_progress.Add);
    }
}
