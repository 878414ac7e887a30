using Gatehouse.EventHandler.State;
using Xunit;

namespace Gatehouse.EventHandler.Tests.State;

public sealed class CheckpointDamageTests
{
    private static async Task<Ledger> Written(int records, Random? random = null)
    {
        var some = new SomeChanges(random ?? new Random(1));
        var ledger = new Ledger(new MemoryFiles());
        await ledger.Commit(new StateChange.Started(SomeChanges.StartTime));
        for (var i = 0; i < records; i++)
            await ledger.Commit(some.Changes());
        return ledger;
    }

    [Trait("Difference", "state-journal")]
    [Fact]
    public async Task Cut_at_any_byte_an_older_record_wins()
    {
        var ledger = await Written(25);
        var whole = ledger.Files[CheckpointFile.Name];
        var last = -1;
        for (var length = 0; length <= whole.Length; length++)
        {
            var files = ledger.Files.AfterKill();
            files[CheckpointFile.Name] = whole[..length];
            var opened = Ledger.OpenFiles(files);
            var record = ledger.IndexOf(opened);
            Assert.Equal(SomeChanges.StartTime, opened.State.StartTime);
            Assert.True(record >= last, $"cut at {length}: record {record} after {last}");
            last = record;

            // And it goes on from there.
            await opened.CommitAsync([new StateChange.SessionQueued("after", DateTime.UnixEpoch)], TestContext.Current.CancellationToken);
            var again = Ledger.OpenFiles(files.AfterKill());
            Assert.Equal(opened.Sequence, again.Sequence);
            Assert.Contains("after", again.State.Sessions.Keys);
        }
        Assert.Equal(ledger.Acknowledged, last);
    }

    [Fact]
    public async Task With_any_bit_flipped_an_older_record_wins()
    {
        var ledger = await Written(12);
        var whole = ledger.Files[CheckpointFile.Name];
        for (var bit = 0; bit < whole.Length * 8; bit++)
        {
            var files = ledger.Files.AfterKill();
            var flipped = whole.ToArray();
            flipped[bit / 8] ^= (byte)(1 << (bit % 8));
            files[CheckpointFile.Name] = flipped;
            var opened = Ledger.OpenFiles(files);
            Assert.True(ledger.IndexOf(opened) < ledger.Acknowledged, $"bit {bit} went unnoticed");
            Assert.Equal(SomeChanges.StartTime, opened.State.StartTime);
        }
    }

    [Fact]
    public async Task A_directory_with_nothing_readable_is_refused_and_left_alone()
    {
        var ledger = await Written(3);
        var files = ledger.Files.AfterKill();
        files[CheckpointFile.Name] = [1, 2, 3];
        files[CheckpointFile.PreviousName] = [];
        var refusal = Assert.Throws<StateException>(() => Ledger.OpenFiles(files));
        Assert.Contains("beyond reading", refusal.Message, StringComparison.Ordinal);
        Assert.Equal([1, 2, 3], files[CheckpointFile.Name]);
        Assert.Equal(0, files.Calls);
    }

    [Fact]
    public async Task A_record_of_a_newer_version_is_refused_and_not_cut()
    {
        var files = new MemoryFiles();
        await using (var checkpoint = Ledger.OpenFiles(files))
            await checkpoint.CommitAsync([new StateChange.SessionCompleted("x")], TestContext.Current.CancellationToken);
        // Of tag, length and "x" at the end make the tag one that is not there yet, and the checksum right.
        var bytes = files[CheckpointFile.Name];
        var writer = new System.Buffers.ArrayBufferWriter<byte>();
        CheckpointFile.WriteAdvance(writer, 1, [new StateChange.SessionCompleted("x")]);
        var record = writer.WrittenSpan.ToArray();
        record[^3] = 200;
        WithChecksum(record);
        files[CheckpointFile.Name] = [.. bytes[..^record.Length], .. record];

        var refusal = Assert.Throws<StateException>(() => Ledger.OpenFiles(files));
        Assert.Contains("newer version", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whichever_call_fails_the_same_commit_made_again_succeeds()
    {
        for (var n = 1; ; n++)
        {
            var ledger = new Ledger(new MemoryFiles());
            var some = new SomeChanges(new Random(7));
            _ = ledger.Checkpoint;
            var nth = ledger.Files.Calls + n;
            ledger.Files.Fails = call => call == nth ? n % 3 / 2.0 : null;

            var script = Enumerable.Range(0, 8).Select(_ => some.Changes()).Prepend([new StateChange.Started(SomeChanges.StartTime)]);
            foreach (var changes in script)
            {
                if (!await ledger.Commit(changes))
                    Assert.True(await ledger.Commit(changes), $"call {n}: the second try failed too");
            }
            var done = ledger.Files.Calls < nth;
            ledger.Recover(ledger.Files.AfterKill());
            if (done)
                break;
        }
    }

    [Fact]
    public async Task Killed_after_any_call_the_acknowledged_state_is_there()
    {
        var ledger = new Ledger(new MemoryFiles());
        var some = new SomeChanges(new Random(5));
        var moments = new List<(MemoryFiles Files, int Acknowledged)>();
        ledger.Files.AfterCall = () => moments.Add((ledger.Files.AfterKill(), ledger.Acknowledged));
        for (var i = 0; i < 5; i++)
            await ledger.Commit([.. some.Changes(), new StateChange.Started(SomeChanges.StartTime)]);

        Assert.True(moments.Count > 25, "each commit also began a new file");
        foreach (var (files, acknowledged) in moments)
        {
            var opened = Ledger.OpenFiles(files);
            // The record under way may be there already, and no other.
            Assert.InRange(ledger.IndexOf(opened), acknowledged, acknowledged + 1);
        }
    }

    [Fact]
    public async Task A_grown_journal_begins_a_new_file_and_keeps_the_one_before()
    {
        var files = new MemoryFiles();
        await using var checkpoint = Ledger.OpenFiles(files);
        await checkpoint.CommitAsync([new StateChange.Started(SomeChanges.StartTime)], TestContext.Current.CancellationToken);
        var cursor = new string('c', 10_000);
        var largest = 0;
        for (var i = 0; i < 300; i++)
        {
            await checkpoint.CommitAsync(
                [new StateChange.ChunkAdvanced(new DateOnly(2024, 3, 1), "chunk", cursor + i)], TestContext.Current.CancellationToken);
            largest = Math.Max(largest, files[CheckpointFile.Name].Length);
        }
        Assert.InRange(largest, 1024 * 1024 - 20_000, 1024 * 1024 + 20_000);
        Assert.True(files[CheckpointFile.Name].Length < largest);

        files[CheckpointFile.Name] = [];
        var older = Ledger.OpenFiles(files);
        Assert.InRange(older.Sequence, checkpoint.Sequence - 110, checkpoint.Sequence);
        Assert.Equal(cursor + ((int)older.Sequence - 2), older.State.Days.Values.Single().Cursors["chunk"]);
    }

    /// <summary>CRC-32C bit by bit, as the standard writes it: the file's own words would prove nothing.</summary>
    private static void WithChecksum(byte[] record)
    {
        var crc = uint.MaxValue;
        foreach (var value in (byte[])[.. record[..4], .. record[8..]])
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * 0x82F63B78);
        }
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(4), ~crc);
    }
}
