using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;

namespace Gatehouse.Events.Tests;

/// <summary>Google.Protobuf's parser and formatter are the judges.</summary>
public class AgainstGoogleTests
{
    private static readonly Config Thorough = Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(50);

    [Fact]
    public void A_decoded_document_is_equal_to_what_Google_prints() =>
        Prop.ForAll(GeneratedStructs.All, document =>
        {
            var expected = JsonNode.Parse(JsonFormatter.Default.Format(document));
            return JsonNode.DeepEquals(expected, JsonNode.Parse(Some.Decoded(Some.Message(document))));
        }).Check(Thorough);

    [Fact]
    public void A_decoded_document_encodes_to_the_message_it_came_from() =>
        Prop.ForAll(GeneratedStructs.All, document =>
            Struct.Parser.ParseFrom(Some.Encoded(Some.Decoded(Some.Message(document)))).Equals(document)).Check(Thorough);

    [Fact]
    public void The_wire_bytes_of_the_encoder_are_those_of_Google() =>
        Prop.ForAll(GeneratedStructs.All, document =>
        {
            // Bytes agree when the order of keys does; Google writes them in the order they were put in.
            var wire = document.ToByteArray();
            return Some.Encoded(Some.Decoded(Some.MessageAround(wire))).AsSpan().SequenceEqual(wire);
        }).Check(Thorough);

    [Fact]
    public void Two_messages_end_to_end_are_read_as_Google_merges_them() =>
        Prop.ForAll(GeneratedStructs.All, GeneratedStructs.All, (first, second) =>
        {
            byte[] joined = [.. first.ToByteArray(), .. second.ToByteArray()];
            var expected = Struct.Parser.ParseFrom(joined);
            return Struct.Parser.ParseFrom(Some.Encoded(Some.Decoded(Some.MessageAround(joined)))).Equals(expected);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(200));

    [Fact]
    public void Numbers_read_back_as_the_same_double()
    {
        var random = new Random(20261121);
        for (var i = 0; i < 100_000; i++)
        {
            var number = BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue));
            if (!double.IsFinite(number))
                continue;
            var text = Some.Decoded(Some.MessageAround(new Struct { Fields = { ["n"] = Value.ForNumber(number) } }.ToByteArray()))[5..^1];
            var parsed = double.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
            Assert.Equal(BitConverter.DoubleToInt64Bits(number), BitConverter.DoubleToInt64Bits(parsed));
            Assert.Matches("^-?(0|[1-9][0-9]{0,20})(\\.[0-9]+)?(e[+-][1-9][0-9]*)?$", text);
        }
    }
}
