using System.Buffers;
using System.Globalization;
using Gatehouse.Events;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Bench;

/// <summary>Wire bytes to JSON text, held against Google.Protobuf's parser and formatter; and the way back.</summary>
internal sealed class StructToJson : IBench
{
    public string Name => "struct-to-json";

    public Task RunAsync(Report report, CancellationToken cancellationToken)
    {
        var sample = new SampleEvents(5000);
        var size = sample.AverageJsonBytes.ToString("0", CultureInfo.InvariantCulture);
        var how = $"one thread, {sample.Messages.Count} generated events of {size} B on average, best of 7 rounds of 0.4 s, per CPU second";

        using var batch = new EventBatch(8 << 20);
        var decode = Measure.Rounds(sample.Messages.Count, () => Decode(sample, batch));
        report.Figure("struct to JSON", decode.PerSecond, "events/s/core", 1_000_000, how);
        report.Figure("struct to JSON, allocated", decode.BytesPerOperation, "B/event", "the same rounds, bytes the thread allocated");

        var documents = sample.Messages.Select(Document).ToList();
        var plain = Measure.Rounds(documents.Count, () => PlainDecode(documents));
        report.Figure("struct to JSON, Google.Protobuf", plain.PerSecond, "events/s/core", "Struct.Parser.ParseFrom and JsonFormatter.Format, same events, same run");
        report.Figure("struct to JSON, Google.Protobuf, allocated", plain.BytesPerOperation, "B/event", "the same rounds");
        report.Figure("struct to JSON, ratio", decode.PerSecond / plain.PerSecond, "times", "the two above");

        var output = new ArrayBufferWriter<byte>(8 << 20);
        var headers = Measure.Rounds(sample.Documents.Count, () => ReadHeaders(sample));
        report.Figure("header from JSON", headers.PerSecond, "events/s/core", "EventDocument.TryRead, same events");
        var encode = Measure.Rounds(sample.Documents.Count, () => Encode(sample, output));
        report.Figure("JSON to struct", encode.PerSecond, "events/s/core", "EventEncoder.Write, same events");
        report.Figure("JSON to struct, allocated", encode.BytesPerOperation, "B/event", "the same rounds");
        return Task.CompletedTask;
    }

    private static void Decode(SampleEvents sample, EventBatch batch)
    {
        foreach (var message in sample.Messages)
            EventDecoder.Append(message, batch);
        batch.Clear();
    }

    private static void PlainDecode(List<byte[]> documents)
    {
        var length = 0;
        foreach (var document in documents)
            length += JsonFormatter.Default.Format(Struct.Parser.ParseFrom(document)).Length;
        GC.KeepAlive(length);
    }

    private static void ReadHeaders(SampleEvents sample)
    {
        foreach (var json in sample.Documents)
            EventDocument.TryRead(json, out _, out _);
    }

    private static void Encode(SampleEvents sample, ArrayBufferWriter<byte> output)
    {
        foreach (var json in sample.Documents)
            EventEncoder.Write(default, default, json, output);
        output.ResetWrittenCount();
    }

    private static byte[] Document(byte[] message)
    {
        using var batch = new EventBatch();
        EventDecoder.Append(message, batch);
        var output = new ArrayBufferWriter<byte>();
        StructEncoder.Write(batch.Json(0).Span, output);
        return output.WrittenSpan.ToArray();
    }
}
