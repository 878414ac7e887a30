using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Events.Tests;

/// <summary>Messages that are legal protobuf but that no encoder writes, and messages that are illegal.</summary>
public class ProtobufRulesTests
{
    private static byte[] Field(int number, params byte[] content) => [(byte)(number << 3 | 2), (byte)content.Length, .. content];

    private static byte[] Text(string text) => Field(3, Encoding.UTF8.GetBytes(text));

    private static byte[] Number(double number) => [0x11, .. BitConverter.GetBytes(number)];

    private static byte[] Entry(string key, params byte[] value) => Field(1, [.. Field(1, Encoding.UTF8.GetBytes(key)), .. Field(2, value)]);

    private static string Decoded(params byte[] document) => Some.Decoded(Some.MessageAround(document));

    [Fact]
    public void The_last_entry_of_a_key_wins() =>
        Assert.Equal("""{"a":"new","b":1}""", Decoded([.. Entry("a", Text("old")), .. Entry("b", Number(1)), .. Entry("a", Text("new"))]));

    [Fact]
    public void An_entry_may_have_its_value_before_its_key() =>
        Assert.Equal("""{"k":"v"}""", Decoded(Field(1, [.. Field(2, Text("v")), .. Field(1, (byte)'k')])));

    [Fact]
    public void An_entry_may_lack_key_and_value() => Assert.Equal("""{"":null}""", Decoded(Field(1)));

    [Fact]
    public void A_value_without_a_kind_is_null() => Assert.Equal("""{"k":null}""", Decoded(Entry("k")));

    [Fact]
    public void The_last_kind_of_a_value_wins() => Assert.Equal("""{"k":"v"}""", Decoded(Entry("k", [.. Number(1), .. Text("v")])));

    [Fact]
    public void Objects_given_twice_merge_and_lists_join() =>
        Assert.Equal(
            """{"o":{"a":1,"b":2},"l":[1,2]}""",
            Decoded([
                .. Entry("o", [.. Field(5, Entry("a", Number(1))), .. Field(5, Entry("b", Number(2)))]),
                .. Entry("l", [.. Field(6, Field(1, Number(1))), .. Field(6, Field(1, Number(2)))]),
            ]));

    [Fact]
    public void Unknown_fields_of_every_wire_type_are_passed_over() =>
        Assert.Equal("""{"k":"v"}""", Decoded([0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, .. Field(9, 1, 2), 0x7B, 0x08, 1, 0x7C, 0x7D, 1, 2, 3, 4, .. Entry("k", Text("v"))]));

    [Fact]
    public void A_document_in_two_parts_is_one_document()
    {
        byte[] message = [.. Field(5, Entry("a", Number(1))), .. Field(5, Entry("b", Number(2))), .. Field(5, Entry("a", Number(3)))];
        Assert.Equal("""{"a":3,"b":2}""", Some.Decoded(message));
    }

    [Fact]
    public void Lengths_longer_than_needed_are_read() =>
        Assert.Equal("""{"k":true}""", Decoded([0x0A, 0x87, 0x80, 0x80, 0x80, 0x80, 0x00, .. Field(1, (byte)'k'), 0x12, 0x02, 0x20, 0x01]));

    [Fact]
    public void A_document_with_many_keys_and_one_of_them_twice_keeps_each_once()
    {
        var entries = Enumerable.Range(0, 5000).SelectMany(i => Entry($"key{i}", Number(i)));
        var parsed = Struct.Parser.ParseFrom(Some.Encoded(Decoded([.. entries, .. Entry("key7", Text("last"))])));
        Assert.Equal(5000, parsed.Fields.Count);
        Assert.Equal("last", parsed.Fields["key7"].StringValue);
        Assert.Equal(4999, parsed.Fields["key4999"].NumberValue);
    }

    [Fact]
    public void Nesting_is_read_to_the_limit_and_refused_beyond()
    {
        var json = string.Concat(Enumerable.Repeat("""{"a":""", EventLimits.MaxDepth - 1)) + "{}" + new string('}', EventLimits.MaxDepth - 1);
        var deepest = Some.Encoded(json);
        Assert.Equal(json, Some.Decoded(Some.MessageAround(deepest)));

        var value = Value.ForStruct(new Struct());
        for (var depth = 1; depth < EventLimits.MaxDepth; depth++)
            value = depth % 2 == 0 ? Value.ForList(value) : Value.ForStruct(new Struct { Fields = { ["a"] = value } });
        var tooDeep = Some.Message(new Struct { Fields = { ["a"] = value } });
        Assert.Contains("deep", Assert.Throws<MalformedEventException>(() => Some.Decoded(tooDeep)).Message);
        Assert.Throws<MalformedEventException>(() => Some.Encoded($$"""{"a":{{json}}}"""));
    }

    [Theory]
    [InlineData("2A05", "only")] // a field longer than the message
    [InlineData("2AFFFFFFFFFFFFFFFFFF7F", "bytes has only")]
    [InlineData("FFFFFFFFFFFFFFFFFFFFFF01", "longer than ten")]
    [InlineData("00", "number 0")]
    [InlineData("0E", "wire type 6")]
    [InlineData("0C", "never began")]
    [InlineData("0B", "does not end")]
    [InlineData("0A", "cut off")]
    [InlineData("2A0B0A091101", "only")]
    public void Illegal_bytes_are_named_with_their_place(string hex, string words)
    {
        var error = Assert.Throws<MalformedEventException>(() => Some.Decoded(Convert.FromHexString(hex)));
        Assert.Contains(words, error.Message);
        Assert.Contains("offset", error.Message);
    }

    [Fact]
    public void A_refused_message_leaves_the_batch_as_it_was()
    {
        using var batch = new EventBatch();
        EventDecoder.Append(Some.MessageAround(Some.Encoded("""{"a":1}""")), batch);
        var refused = Some.MessageAround([.. Entry("big", Text(new string('x', 100))), 0x0A, 0x05]);
        Assert.Throws<MalformedEventException>(() => EventDecoder.Append(refused, batch));
        EventDecoder.Append(Some.MessageAround(Some.Encoded("""{"b":2}""")), batch);
        Assert.Equal(2, batch.Count);
        Assert.Equal("""{"a":1},{"b":2}""", Encoding.UTF8.GetString(batch.Json(0, 2).Span));
    }
}
