using System.Text.Json.Nodes;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Events.Tests;

/// <summary>The table of event-handler spec 5.2: how the server's JSON looks in a request body.</summary>
public class DocumentTextTests
{
    [Theory]
    [InlineData("12345678901234567890", "12345678901234567000")]
    [InlineData("1e20", "100000000000000000000")]
    [InlineData("1e21", "1e+21")]
    [InlineData("1e-7", "1e-7")]
    [InlineData("0.000001", "0.000001")]
    [InlineData("-0.0", "-0")]
    [InlineData("0", "0")]
    [InlineData("3.0", "3")]
    [InlineData("2147483647", "2147483647")]
    [InlineData("-9007199254740993", "-9007199254740992")]
    [InlineData("123456789.125", "123456789.125")]
    [InlineData("0.1", "0.1")]
    [InlineData("1.5e-10", "1.5e-10")]
    [InlineData("-1.7976931348623157e308", "-1.7976931348623157e+308")]
    [InlineData("5e-324", "5e-324")]
    [InlineData("999999999999999900000", "999999999999999900000")]
    [InlineData("123456789012345680000", "123456789012345680000")]
    [InlineData("0.00001234", "0.00001234")]
    [InlineData("1234567890123456.5", "1234567890123456.5")]
    [InlineData("null", "null")]
    [InlineData("true", "true")]
    [InlineData("false", "false")]
    [InlineData("{}", "{}")]
    [InlineData("[]", "[]")]
    [InlineData("""{"b":[1,{"a":null},"x"],"a":[[],{}]}""", """{"b":[1,{"a":null},"x"],"a":[[],{}]}""")]
    [InlineData("\"<b>&'/\"", "\"<b>&'/\"")]
    [InlineData("\"\\u2028\\u007f\\ud83d\\ude00 \\u00e4\"", "\"\u2028\u007f\U0001F600 \u00e4\"")]
    [InlineData("\"\\u0001\\u001f\\u0000\"", "\"\\u0001\\u001f\\u0000\"")]
    [InlineData("\"\\b\\f\\n\\r\\t\\\"\\\\\\/\"", "\"\\b\\f\\n\\r\\t\\\"\\\\/\"")]
    [InlineData("\"a\\ud800b\"", "\"a\ufffdb\"")]
    [InlineData("\"\\udc00\\ud800\\ud800\\udc00\"", "\"\ufffd\ufffd\U00010000\"")]
    public void A_value_of_the_server_has_this_text_in_the_body(string server, string body)
    {
        Assert.Equal($$"""{"v":{{body}}}""", Some.Decoded(Some.MessageAround(Some.Encoded($$"""{"v":{{server}}}"""))));
    }

    [Fact]
    public void Strings_of_every_length_with_an_escape_at_every_place_come_through()
    {
        foreach (var odd in (string[])["\"", "\\", "\n", "\u00e9", "\u0001", "\U0001F600", "\u007f"])
        {
            for (var length = 0; length < 40; length++)
            {
                for (var at = 0; at <= length; at++)
                {
                    var text = new string('a', at) + odd + new string('b', length - at);
                    var document = new Struct { Fields = { ["k"] = Value.ForString(text), [text] = Value.ForNull() } };
                    var parsed = JsonNode.Parse(Some.Decoded(Some.Message(document)))!.AsObject();
                    Assert.Equal(text, (string?)parsed["k"]);
                    Assert.True(parsed.ContainsKey(text));
                }
            }
        }
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_become_replacement_characters()
    {
        // entry { key "k", value { string "a\xFFb" } }
        byte[] document = [0x0A, 0x0A, 0x0A, 0x01, (byte)'k', 0x12, 0x05, 0x1A, 0x03, (byte)'a', 0xFF, (byte)'b'];
        Assert.Equal("{\"k\":\"a\ufffdb\"}", Some.Decoded(Some.MessageAround(document)));
    }

    [Fact]
    public void Keys_keep_the_order_of_the_wire() =>
        Assert.Equal("""{"z":1,"a":2,"m":3}""", Some.Decoded(Some.MessageAround(Some.Encoded("""{"z":1,"a":2,"m":3}"""))));

    [Fact]
    public void A_message_without_a_document_is_an_empty_object() => Assert.Equal("{}", Some.Decoded([]));

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_number_JSON_cannot_say_is_malformed(double number)
    {
        var message = Some.Message(new Struct { Fields = { ["n"] = Value.ForNumber(number) } });
        Assert.Contains("not finite", Assert.Throws<MalformedEventException>(() => Some.Decoded(message)).Message);
    }
}
