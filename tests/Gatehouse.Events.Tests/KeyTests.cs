using System.Buffers;
using System.Text;
using Xunit;

namespace Gatehouse.Events.Tests;

public class KeyTests
{
    private static UInt128 Content(string json) => EventKey.OfContent(Encoding.UTF8.GetBytes(json));

    private static UInt128 KeyOf(string json, string id)
    {
        var wire = new ArrayBufferWriter<byte>();
        EventEncoder.Write(default, Encoding.UTF8.GetBytes(id), Encoding.UTF8.GetBytes(json), wire);
        using var batch = new EventBatch();
        EventDecoder.Append(wire.WrittenSpan, batch);
        return EventKey.Of(batch, 0);
    }

    [Fact]
    public void A_uuid_is_its_own_key() =>
        Assert.Equal(
            UInt128.Parse("87f967db03d94a34996d12de83992e41", System.Globalization.NumberStyles.HexNumber, null),
            KeyOf("""{"uid":"87f967db-03d9-4a34-996d-12de83992e41"}""", "87f967db-03d9-4a34-996d-12de83992e41"));

    [Fact]
    public void Uids_that_are_no_uuid_have_keys_of_their_own()
    {
        Assert.NotEqual(KeyOf("""{"uid":"a"}""", "a"), KeyOf("""{"uid":"b"}""", "b"));
        Assert.Equal(KeyOf("""{"uid":"a","x":1}""", "a"), KeyOf("""{"uid":"a","x":2}""", "a"));
    }

    [Fact]
    public void Without_a_uid_the_content_counts_and_not_the_id()
    {
        Assert.Equal(KeyOf("""{"sid":"s","url":"u"}""", "first"), KeyOf("""{"url":"u","sid":"s"}""", "second"));
        Assert.NotEqual(KeyOf("""{"sid":"s"}""", "id"), KeyOf("""{"sid":"t"}""", "id"));
    }

    [Theory]
    [InlineData("""{"a":1,"b":{"c":[1,2],"d":null}}""", """{ "b" : {"d":null,"c":[1.0,2e0]}, "a":1 }""")]
    [InlineData("""{"a":"ä\n"}""", "{\"a\":\"\\u00e4\\u000a\"}")]
    public void Order_of_keys_spaces_and_spelling_do_not_count(string one, string other) => Assert.Equal(Content(one), Content(other));

    [Theory]
    [InlineData("""{"a":1}""", """{"a":2}""")]
    [InlineData("""{"a":1}""", """{"a":"1"}""")]
    [InlineData("""{"a":1}""", """{"b":1}""")]
    [InlineData("""{"a":[1,2]}""", """{"a":[2,1]}""")]
    [InlineData("""{"a":[[1],2]}""", """{"a":[1,[2]]}""")]
    [InlineData("""{"a":null}""", "{}")]
    [InlineData("""{"a":{}}""", """{"a":[]}""")]
    [InlineData("""{"a":true}""", """{"a":false}""")]
    [InlineData("""{"a":1,"b":2}""", """{"a":2,"b":1}""")]
    [InlineData("""{"a":{"b":1},"c":{}}""", """{"a":{},"c":{"b":1}}""")]
    public void Everything_else_does(string one, string other) => Assert.NotEqual(Content(one), Content(other));

    [Fact]
    public void Real_events_have_keys_of_their_own()
    {
        var lines = Some.RealEvents();
        Assert.Equal(lines.Length, lines.Select(Content).Distinct().Count());
    }
}
