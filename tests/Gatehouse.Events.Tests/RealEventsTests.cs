using System.Buffers;
using System.Text;
using System.Text.Json.Nodes;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Events.Tests;

public class RealEventsTests
{
    [Fact]
    public void Every_real_event_is_the_same_after_the_way_over_the_wire()
    {
        using var batch = new EventBatch();
        var lines = Some.RealEvents();
        foreach (var line in lines)
        {
            var json = Encoding.UTF8.GetBytes(line);
            Assert.True(EventDocument.TryRead(json, out var fields, out var problem), problem);
            var wire = new ArrayBufferWriter<byte>();
            EventEncoder.Write(fields, fields.Uid, json, wire);
            EventDecoder.Append(wire.WrittenSpan, batch);
        }
        Assert.Equal(lines.Length, batch.Count);
        for (var i = 0; i < lines.Length; i++)
        {
            var expected = JsonNode.Parse(lines[i])!.AsObject();
            var text = Encoding.UTF8.GetString(batch.Json(i).Span);
            Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(text)), $"{lines[i]}\n{text}");
            Assert.Equal((string?)expected["event"], batch[i].Type);
            Assert.Equal((string?)expected["sid"] ?? "", batch.TextString(batch[i].SessionId));
            Assert.Equal((double)expected["ei"]!, batch[i].Index);
            Assert.Equal(expected["uid"] is not null, batch[i].HasUid);
            var time = DateTimeOffset.Parse((string)expected["time"]!, System.Globalization.CultureInfo.InvariantCulture);
            Assert.True((time.UtcDateTime - batch[i].Time).Duration() < TimeSpan.FromMicroseconds(1));
        }
        Assert.Equal(lines.Length, JsonNode.Parse($"[{Encoding.UTF8.GetString(batch.Json(0, batch.Count).Span)}]")!.AsArray().Count);
    }

    [Fact]
    public void Every_real_event_is_encoded_as_Google_reads_it()
    {
        foreach (var line in Some.RealEvents())
            Assert.Equal(Struct.Parser.ParseJson(line), Struct.Parser.ParseFrom(Some.Encoded(line)));
    }
}
