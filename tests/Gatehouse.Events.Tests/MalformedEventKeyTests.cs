using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Events.Tests;

public sealed class MalformedEventKeyTests
{
    [Fact]
    public void The_order_of_entries_at_any_level_does_not_count()
    {
        var one = Event("id", Object(("a", Value.ForNumber(double.NaN)), ("b", Value.ForStruct(Object(("c", Value.ForNull()), ("d", Value.ForBool(true)))))));
        var other = Event("id", Object(("b", Value.ForStruct(Object(("d", Value.ForBool(true)), ("c", Value.ForNull())))), ("a", Value.ForNumber(double.NaN))));

        Assert.NotEqual(one, other);
        Assert.Equal(MalformedEventKey.Of(one), MalformedEventKey.Of(other));
    }

    [Fact]
    public void The_order_within_a_list_and_within_a_text_counts()
    {
        UInt128[] keys =
        [
            Key(Value.ForList(Value.ForString("12"), Value.ForString("21"))),
            Key(Value.ForList(Value.ForString("21"), Value.ForString("12"))),
            Key(Value.ForString("2026-03-10T12:00:12Z")),
            Key(Value.ForString("2026-03-10T12:00:21Z")),
            // Texts that could be read as protobuf fields.
            Key(Value.ForString("0102")),
            Key(Value.ForString("0201")),
        ];

        Assert.Distinct(keys);

        static UInt128 Key(Value value) => MalformedEventKey.Of(Event("id", Object(("x", value))));
    }

    [Fact]
    public void An_id_counts_unless_the_server_made_it_up()
    {
        var (withUid, without) = (Object(("uid", Value.ForString("u"))), Object(("uid", Value.ForString(""))));

        Assert.Equal(MalformedEventKey.Of(Event("1", without)), MalformedEventKey.Of(Event("2", without)));
        Assert.NotEqual(MalformedEventKey.Of(Event("1", withUid)), MalformedEventKey.Of(Event("2", withUid)));
        Assert.NotEqual(MalformedEventKey.Of(Event("1", null)), MalformedEventKey.Of(Event("2", null)));
    }

    [Fact]
    public void What_is_no_message_is_known_by_its_bytes()
    {
        Assert.Equal(MalformedEventKey.Of([0x2a, 0x7f, 0x01, 0x02]), MalformedEventKey.Of([0x2a, 0x7f, 0x01, 0x02]));
        Assert.NotEqual(MalformedEventKey.Of([0x2a, 0x7f, 0x01, 0x02]), MalformedEventKey.Of([0x2a, 0x7f, 0x02, 0x01]));
    }

    [Fact]
    public void A_bottomless_document_has_a_key()
    {
        var value = Value.ForNull().ToByteArray();
        for (var i = 0; i < 5000; i++)
            value = Field(6, Field(1, value));
        var document = Field(1, [.. Field(1, "a"u8.ToArray()), .. Field(2, value)]);

        Assert.NotEqual(MalformedEventKey.Of(Field(5, document)), MalformedEventKey.Of(Field(5, [.. document, .. document])));
    }

    private static byte[] Event(string id, Struct? document) =>
        [.. Field(2, System.Text.Encoding.UTF8.GetBytes(id)), .. document is null ? [] : Field(5, document.ToByteArray())];

    private static Struct Object(params (string Name, Value Value)[] entries)
    {
        var document = new Struct();
        foreach (var (name, value) in entries)
            document.Fields.Add(name, value);
        return document;
    }

    private static byte[] Field(int number, byte[] content)
    {
        using var bytes = new MemoryStream();
        using (var output = new CodedOutputStream(bytes, leaveOpen: true))
        {
            output.WriteTag(number, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(content));
        }
        return bytes.ToArray();
    }
}
