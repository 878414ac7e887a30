using System.Buffers;
using Gatehouse.Events;
using Gatehouse.Events.Generation;

namespace Gatehouse.Bench;

/// <summary>Generated events, as documents and as wire messages.</summary>
internal sealed class SampleEvents
{
    public SampleEvents(int count)
    {
        var generator = new EventGenerator(new GeneratorOptions
        {
            Count = count,
            Seed = 7,
            From = new DateTime(2026, 11, 1, 0, 0, 0, DateTimeKind.Utc),
            To = new DateTime(2026, 11, 2, 0, 0, 0, DateTimeKind.Utc),
            Sessions = count / 20,
        });
        var line = new ArrayBufferWriter<byte>();
        var wire = new ArrayBufferWriter<byte>();
        while (generator.TryWriteNext(line, null))
        {
            var json = line.WrittenSpan[..^1].ToArray();
            if (!EventDocument.TryRead(json, out var fields, out var problem))
                throw new InvalidOperationException(problem);
            EventEncoder.Write(fields, fields.Uid, json, wire);
            Documents.Add(json);
            Messages.Add(wire.WrittenSpan.ToArray());
            line.ResetWrittenCount();
            wire.ResetWrittenCount();
        }
    }

    public List<byte[]> Documents { get; } = [];

    public List<byte[]> Messages { get; } = [];

    public double AverageJsonBytes => Documents.Average(document => document.Length);
}
