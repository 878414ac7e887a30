using System.Globalization;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Torture.Story;

/// <summary>Makes documents with all that JSON knows in them, and tells whether one that arrived says the same.</summary>
internal static class Documents
{
    private static readonly string[] Texts =
    [
        "", "plain", "with \"quotes\" and \\", "line\nfeed\r\ttab", "\u0001\u001f\u007f", "<script>&amp;</script>", "\u2028\u2029", "žluťoučký", "日本語", "😀🏳️‍🌈", "\ufeff",
    ];

    public static Struct Make(Dice dice, int number, string? uid, string type, DateTime time, long index, string? session, int padding)
    {
        var members = new List<KeyValuePair<string, Value>>
        {
            new("event", Value.ForString(type)),
            new("time", Value.ForString(time.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture))),
            new("ei", Value.ForNumber(index)),
            new("code", Value.ForString($"T{dice.Between(1000, 9999)}I")),
            new(IssuedEvent.NumberField, Value.ForNumber(number)),
        };
        if (uid is not null)
            members.Add(new("uid", Value.ForString(uid)));
        if (session is not null)
            members.Add(new("sid", Value.ForString(session)));
        if (padding > 0)
            members.Add(new("padding", Value.ForString(Padding(number, padding))));
        for (var i = dice.Below(7); i > 0; i--)
            members.Add(new($"x{i}", Any(dice, 3)));
        dice.Shuffle(members);
        return Of(members);
    }

    /// <summary>The same members with the same values, in any order.</summary>
    public static bool Same(JsonElement arrived, Struct issued)
    {
        if (arrived.ValueKind != JsonValueKind.Object)
            return false;
        var count = 0;
        foreach (var member in arrived.EnumerateObject())
        {
            count++;
            if (!issued.Fields.TryGetValue(member.Name, out var value) || !Same(member.Value, value))
                return false;
        }
        return count == issued.Fields.Count;
    }

    private static bool Same(JsonElement arrived, Value issued) => issued.KindCase switch
    {
        Value.KindOneofCase.NullValue => arrived.ValueKind == JsonValueKind.Null,
        Value.KindOneofCase.BoolValue => arrived.ValueKind == (issued.BoolValue ? JsonValueKind.True : JsonValueKind.False),
        // Bit for bit: a number that lost a digit is an altered event.
        Value.KindOneofCase.NumberValue => arrived.ValueKind == JsonValueKind.Number && arrived.GetDouble().Equals(issued.NumberValue),
        Value.KindOneofCase.StringValue => arrived.ValueKind == JsonValueKind.String && arrived.ValueEquals(issued.StringValue),
        Value.KindOneofCase.StructValue => Same(arrived, issued.StructValue),
        Value.KindOneofCase.ListValue => arrived.ValueKind == JsonValueKind.Array && arrived.GetArrayLength() == issued.ListValue.Values.Count
            && arrived.EnumerateArray().Zip(issued.ListValue.Values).All(pair => Same(pair.First, pair.Second)),
        _ => false,
    };

    private static Value Any(Dice dice, int depth) => dice.Below(depth > 0 ? 8 : 5) switch
    {
        0 => Value.ForNull(),
        1 => Value.ForBool(dice.Chance(0.5)),
        2 => Value.ForNumber(dice.Pick(0, 1, -1, 1e21, 5e-324, double.MaxValue, 0.1, 9007199254740993, (double)dice.Next(), dice.Unit())),
        3 or 4 => Value.ForString(string.Concat(Enumerable.Range(0, dice.Below(4)).Select(_ => dice.Pick<string>(Texts)))),
        5 or 6 => Value.ForStruct(Of(Enumerable.Range(0, dice.Below(4)).Select(i => KeyValuePair.Create($"{dice.Pick<string>(Texts)}{i}", Any(dice, depth - 1))))),
        _ => Value.ForList([.. Enumerable.Range(0, dice.Below(4)).Select(_ => Any(dice, depth - 1))]),
    };

    private static Struct Of(IEnumerable<KeyValuePair<string, Value>> members)
    {
        var made = new Struct();
        foreach (var (name, value) in members)
            made.Fields.Add(name, value);
        return made;
    }

    private static string Padding(int number, int length)
    {
        var unit = $"{number:x8}-ščř-";
        return string.Concat(Enumerable.Repeat(unit, length / unit.Length + 1));
    }
}
