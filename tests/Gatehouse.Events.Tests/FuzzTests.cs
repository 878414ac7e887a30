using System.Buffers;
using System.Diagnostics;
using System.Text;
using Gatehouse.Api.AuditLog.V1;
using Google.Protobuf;
using Xunit;

namespace Gatehouse.Events.Tests;

/// <summary>A few seconds of <see cref="FuzzTarget"/> in each test run, from a seed that is printed.</summary>
public class FuzzTests(ITestOutputHelper output)
{
    private static readonly byte[][] Seeds = [.. Some.RealEvents().Where((_, i) => i % 25 == 0).SelectMany(line => (byte[][])[Encoding.UTF8.GetBytes(line), Message(line), Exported(line)])];

    private static byte[] Message(string line)
    {
        var json = Encoding.UTF8.GetBytes(line);
        EventDocument.TryRead(json, out var fields, out _);
        var wire = new ArrayBufferWriter<byte>();
        EventEncoder.Write(fields, fields.Uid, json, wire);
        return wire.WrittenSpan.ToArray();
    }

    private static byte[] Exported(string line) =>
        new ExportEventUnstructured { Event = EventUnstructured.Parser.ParseFrom(Message(line)), Cursor = "a1:5" }.ToByteArray();

    [Fact]
    public void A_message_cut_off_at_any_byte_is_read_or_refused()
    {
        foreach (var seed in Seeds.Take(12))
        {
            for (var length = 0; length <= seed.Length; length++)
                FuzzTarget.Run(seed.AsSpan(0, length));
        }
    }

    [Fact]
    public void A_message_with_any_byte_changed_is_read_or_refused()
    {
        byte[] bytes = [.. Seeds[1]];
        for (var at = 0; at < bytes.Length; at++)
        {
            var kept = bytes[at];
            foreach (var other in (byte[])[0, 1, 0x7F, 0x80, 0xFF, (byte)(kept ^ 1), (byte)(kept ^ 0x80), (byte)(kept + 1)])
            {
                bytes[at] = other;
                FuzzTarget.Run(bytes);
            }
            bytes[at] = kept;
        }
    }

    [Fact]
    public void Random_damage_is_read_or_refused()
    {
        var seed = Environment.TickCount;
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var clock = Stopwatch.StartNew();
        var runs = 0;
        while (clock.Elapsed < TimeSpan.FromSeconds(2))
        {
            var input = Damaged(random);
            try
            {
                FuzzTarget.Run(input);
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, run {runs}, input {Convert.ToHexString(input)}: {error}");
            }
            runs++;
        }
        output.WriteLine($"{runs} inputs");
        Assert.True(runs > 100, $"only {runs} inputs");
    }

    private static byte[] Damaged(Random random)
    {
        if (random.Next(10) == 0)
        {
            var noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            return noise;
        }
        var bytes = Seeds[random.Next(Seeds.Length)].ToList();
        for (var damage = random.Next(1, 6); damage > 0 && bytes.Count > 0; damage--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes.RemoveRange(at, Math.Min(random.Next(1, 20), bytes.Count - at));
                    break;
                case 3:
                    bytes.InsertRange(at, bytes.GetRange(at, Math.Min(random.Next(1, 40), bytes.Count - at)));
                    break;
                default:
                    var other = Seeds[random.Next(Seeds.Length)];
                    bytes.InsertRange(at, other[random.Next(other.Length)..]);
                    break;
            }
        }
        return [.. bytes];
    }
}
