using System.Text;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Events.Tests;

/// <summary>Large and lopsided messages: they take time and memory in proportion to their size, never more.</summary>
public class HostileSizeTests
{
    private static byte[] Repeated(ReadOnlySpan<byte> piece, int times)
    {
        var bytes = new byte[piece.Length * times];
        for (var i = 0; i < times; i++)
            piece.CopyTo(bytes.AsSpan(i * piece.Length));
        return bytes;
    }

    private static byte[] Field(byte tag, ReadOnlySpan<byte> content)
    {
        using var bytes = new MemoryStream();
        using var output = new CodedOutputStream(bytes);
        output.WriteRawTag(tag);
        output.WriteBytes(ByteString.CopyFrom(content));
        output.Flush();
        return bytes.ToArray();
    }

    private static byte[] Entry(ReadOnlySpan<byte> value) => Field(0x0A, [.. Field(0x0A, "k"u8), .. Field(0x12, value)]);

    [Theory]
    [InlineData('a')]
    [InlineData('\n')]
    [InlineData('\u0001')]
    [InlineData('ä')]
    public void Two_mebibytes_of_text_come_through(char letter)
    {
        var text = new string(letter, 2 << 20);
        var json = Some.Decoded(Some.Message(new Struct { Fields = { ["data"] = Value.ForString(text), ["after"] = Value.ForBool(true) } }));
        Assert.Equal(text, (string?)System.Text.Json.Nodes.JsonNode.Parse(json)!["data"]);
        Assert.EndsWith(",\"after\":true}", json);
        Assert.Equal(text, Struct.Parser.ParseFrom(Some.Encoded(json)).Fields["data"].StringValue);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_million_entries_without_key_are_one() =>
        Assert.Equal("{\"\":null}", await Task.Run(() => Some.Decoded(Some.MessageAround(Repeated([0x0A, 0x00], 1_000_000)))));

    [Fact(Timeout = 30_000)]
    public async Task A_document_in_half_a_million_parts_is_one() =>
        Assert.Equal("{\"k\":null}", await Task.Run(() => Some.Decoded(Repeated([0x2A, 0x05, 0x0A, 0x03, 0x0A, 0x01, (byte)'k'], 500_000))));

    [Fact(Timeout = 30_000)]
    public async Task A_hundred_thousand_keys_keep_their_order()
    {
        var json = "{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"k{i}\":{i}")) + "}";
        Assert.Equal(json, await Task.Run(() => Some.Decoded(Some.MessageAround(Some.Encoded(json)))));
    }

    [Fact(Timeout = 30_000)]
    public async Task Doubled_keys_at_every_level_do_not_multiply_the_work()
    {
        // At each level an object that holds the key twice: first null, then the next level.
        byte[] bytes = [];
        for (var depth = 1; depth < EventLimits.MaxDepth; depth++)
            bytes = [.. Entry([]), .. Entry(Field(0x2A, bytes))];
        var json = await Task.Run(() => Some.Decoded(Some.MessageAround(bytes)));
        Assert.Equal(EventLimits.MaxDepth - 1, json.Split("\"k\"").Length - 1);
    }

    [Fact(Timeout = 30_000)]
    public async Task Unfinished_nesting_of_any_kind_ends_with_an_error()
    {
        foreach (var piece in (byte[][])[[0x0B], [0x2A, 0x7F], [0x32, 0x7F, 0x0A, 0x7F], [0x0A, 0x7F, 0x12, 0x7F, 0x2A, 0x7F]])
        {
            var bytes = Repeated(piece, 100_000);
            await Assert.ThrowsAsync<MalformedEventException>(() => Task.Run(() => Some.Decoded(bytes)));
            await Assert.ThrowsAsync<MalformedEventException>(() => Task.Run(() => Some.Decoded(Some.MessageAround(bytes))));
        }
        await Assert.ThrowsAsync<MalformedEventException>(() => Task.Run(() => Some.Encoded("{\"a\":" + new string('[', 100_000))));
        Assert.False(EventDocument.TryRead(Encoding.UTF8.GetBytes("{\"a\":" + new string('[', 100_000)), out _, out _));
    }
}
