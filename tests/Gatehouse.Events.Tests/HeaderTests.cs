using System.Buffers;
using System.Text;
using Gatehouse.Api.AuditLog.V1;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Events.Tests;

public class HeaderTests
{
    private static readonly DateTime Noon = new(2026, 11, 21, 12, 0, 0, DateTimeKind.Utc);

    private static EventUnstructured Event() => new()
    {
        Type = "session.start",
        Id = "87f967db-03d9-4a34-996d-12de83992e41",
        Time = new Timestamp { Seconds = new DateTimeOffset(Noon).ToUnixTimeSeconds(), Nanos = 123_456_789 },
        Index = 7,
        Unstructured = new Struct { Fields = { ["sid"] = Value.ForString("s-1"), ["uid"] = Value.ForString("87f967db-03d9-4a34-996d-12de83992e41") } },
    };

    [Fact]
    public void What_travels_beside_the_document_is_in_the_header()
    {
        using var batch = new EventBatch();
        EventDecoder.AppendExported(new ExportEventUnstructured { Event = Event(), Cursor = "a1:17" }.ToByteArray(), batch);
        var header = batch[0];
        Assert.Equal("session.start", header.Type);
        Assert.Equal(Noon.AddTicks(1_234_567), header.Time);
        Assert.Equal(DateTimeKind.Utc, header.Time.Kind);
        Assert.Equal(7, header.Index);
        Assert.Equal("87f967db-03d9-4a34-996d-12de83992e41", batch.TextString(header.Id));
        Assert.Equal("s-1", batch.TextString(header.SessionId));
        Assert.Equal("a1:17", batch.TextString(header.Cursor));
        Assert.True(header.HasUid);
    }

    [Theory]
    [InlineData(-62_135_596_801, 0)]
    [InlineData(253_402_300_800, 0)]
    [InlineData(long.MinValue, 0)]
    [InlineData(long.MaxValue, 0)]
    [InlineData(0, -1)]
    [InlineData(0, 1_000_000_000)]
    public void A_time_no_calendar_has_is_the_smallest_time(long seconds, int nanos)
    {
        using var batch = new EventBatch();
        EventDecoder.Append(new EventUnstructured { Time = new Timestamp { Seconds = seconds, Nanos = nanos } }.ToByteArray(), batch);
        Assert.Equal(DateTime.MinValue, batch[0].Time);
    }

    [Fact]
    public void The_first_and_the_last_second_of_the_calendar_are_times()
    {
        using var batch = new EventBatch();
        EventDecoder.Append(new EventUnstructured { Time = new Timestamp { Seconds = 253_402_300_799, Nanos = 999_999_999 } }.ToByteArray(), batch);
        EventDecoder.Append(new EventUnstructured { Time = new Timestamp { Seconds = -62_135_596_800 } }.ToByteArray(), batch);
        Assert.Equal(DateTime.MaxValue, batch[0].Time);
        Assert.Equal(DateTime.MinValue, batch[1].Time);
    }

    [Fact]
    public void Only_texts_at_the_top_are_session_and_uid()
    {
        var message = Event();
        message.Unstructured.Fields["sid"] = Value.ForStruct(new Struct { Fields = { ["sid"] = Value.ForString("x"), ["uid"] = Value.ForString("y") } });
        message.Unstructured.Fields["uid"] = Value.ForString("");
        using var batch = new EventBatch();
        EventDecoder.Append(message.ToByteArray(), batch);
        Assert.Equal("", batch.TextString(batch[0].SessionId));
        Assert.False(batch[0].HasUid);
    }

    [Fact]
    public void Types_are_interned()
    {
        using var batch = new EventBatch();
        EventDecoder.Append(Event().ToByteArray(), batch);
        EventDecoder.Append(Event().ToByteArray(), batch);
        Assert.Same(batch[0].Type, batch[1].Type);
    }

    [Fact]
    public void A_page_gives_its_items_and_its_key()
    {
        var page = new EventsUnstructured { Items = { Event(), new EventUnstructured(), Event() }, LastKey = "next" };
        var read = EventDecoder.ReadPage(page.ToByteArray());
        Assert.Equal("next", read.LastKey);
        Assert.Equal([.. page.Items.Select(item => item.ToByteString())], [.. read.Items.Select(item => ByteString.CopyFrom(item.Span))]);
        Assert.Equal("", EventDecoder.ReadPage(default).LastKey);
    }

    [Fact]
    public void An_export_message_without_an_event_is_malformed()
    {
        using var batch = new EventBatch();
        Assert.Throws<MalformedEventException>(() => EventDecoder.AppendExported(new ExportEventUnstructured { Cursor = "c" }.ToByteArray(), batch));
        Assert.Equal(0, batch.Count);
    }

    [Fact]
    public void What_the_encoder_writes_Google_reads_and_the_decoder_too()
    {
        var json = """{"ei":5,"event":"print","time":"2026-11-21T00:28:25.123456789Z","sid":"s","data":"x"}"""u8;
        Assert.True(EventDocument.TryRead(json, out var fields, out _));
        var output = new ArrayBufferWriter<byte>();
        EventEncoder.WriteExported(fields, "id"u8, json, "a1:1"u8, output);
        var message = ExportEventUnstructured.Parser.ParseFrom(output.WrittenSpan);
        Assert.Equal("a1:1", message.Cursor);
        Assert.Equal("print", message.Event.Type);
        Assert.Equal("id", message.Event.Id);
        Assert.Equal(5, message.Event.Index);
        Assert.Equal(123_456_789, message.Event.Time.Nanos);
        using var batch = new EventBatch();
        EventDecoder.AppendExported(output.WrittenSpan, batch);
        Assert.Equal(Encoding.UTF8.GetString(json), Encoding.UTF8.GetString(batch.Json(0).Span));

        var page = new ArrayBufferWriter<byte>();
        EventEncoder.WritePageItem(fields, "id"u8, json, page);
        EventEncoder.WritePageItem(fields, "id"u8, json, page);
        EventEncoder.WritePageKey("key"u8, page);
        var parsed = EventsUnstructured.Parser.ParseFrom(page.WrittenSpan);
        Assert.Equal(2, parsed.Items.Count);
        Assert.Equal("key", parsed.LastKey);
        Assert.Equal(message.Event, parsed.Items[1]);
    }
}
