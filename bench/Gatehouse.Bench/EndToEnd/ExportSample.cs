using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Gatehouse.Events;
using Gatehouse.Events.Generation;

namespace Gatehouse.Bench.EndToEnd;

/// <summary>
/// Generated events as one chunk of a day's export, laid out as it goes over the wire: <c>ExportEventUnstructured</c> messages with
/// their gRPC prefixes. Every chunk of the day is these bytes, so the generator costs next to nothing while it is measured.
/// </summary>
internal sealed class ExportSample
{
    /// <summary>What stands before each event's own id, and nowhere else in it.</summary>
    public static ReadOnlySpan<byte> Mark => "\"uid\":"u8;

    private const int UidLength = 36;

    public ExportSample(int count, DateOnly day)
    {
        var from = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        var generator = new EventGenerator(new GeneratorOptions
        {
            Count = count,
            Seed = 7,
            From = from,
            To = from.AddDays(1).AddSeconds(-1),
            Sessions = count / 20,
        });
        var line = new ArrayBufferWriter<byte>();
        var message = new ArrayBufferWriter<byte>();
        var frames = new ArrayBufferWriter<byte>(count * 1024);
        var jsonBytes = 0L;
        while (generator.TryWriteNext(line, null))
        {
            var json = line.WrittenSpan[..^1];
            if (!EventDocument.TryRead(json, out var fields, out var problem))
                throw new InvalidOperationException(problem);
            // An upload event would make the handler ask for its recording; recordings are another matter.
            if (!fields.Type.SequenceEqual("session.upload"u8))
            {
                if (json.Count(Mark) != 1)
                    throw new InvalidOperationException("a generated event without exactly one uid");
                EventEncoder.WriteExported(fields, fields.Uid, json, Encoding.UTF8.GetBytes((Count + 1).ToString(CultureInfo.InvariantCulture)), message);
                var prefix = frames.GetSpan(5);
                prefix[0] = 0;
                BinaryPrimitives.WriteInt32BigEndian(prefix[1..], message.WrittenCount);
                frames.Advance(5);
                frames.Write(message.WrittenSpan);
                Uids.Add(Encoding.ASCII.GetString(fields.Uid));
                jsonBytes += json.Length;
                Count++;
            }
            line.ResetWrittenCount();
            message.ResetWrittenCount();
        }
        Frames = frames.WrittenMemory;
        AverageJsonBytes = jsonBytes / (double)Count;
    }

    /// <summary>Events of one chunk.</summary>
    public int Count { get; }

    public double AverageJsonBytes { get; }

    /// <summary>The ids in the order of the chunk.</summary>
    public List<string> Uids { get; } = [];

    /// <summary>The chunk on the wire.</summary>
    public ReadOnlyMemory<byte> Frames { get; }

    /// <summary>Events in a body, counted by their ids.</summary>
    public static int CountIn(ReadOnlySpan<byte> body) => body.Count(Mark);

    /// <summary>The ids of the events in a body.</summary>
    public static void UidsIn(ReadOnlySpan<byte> body, Action<string> take)
    {
        for (int at; (at = body.IndexOf(Mark)) >= 0;)
        {
            // Google's formatter puts a space before the value.
            body = body[(at + Mark.Length)..].TrimStart(" \""u8);
            take(Encoding.ASCII.GetString(body[..Math.Min(UidLength, body.Length)]));
        }
    }
}
