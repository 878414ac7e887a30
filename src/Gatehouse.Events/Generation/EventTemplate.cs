using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Gatehouse.Events.Generation;

/// <summary>
/// One kind of event as text with holes (catalog/events/README.md): <c>${name}</c> inside a text, <c>"#{name}"</c> for a whole value that
/// is no text. A name is a slot of the scene, a list of demo-values.json, a range of numbers <c>1..9</c>, <c>time</c> with or without
/// seconds added, <c>uid</c> or <c>uuid</c>.
/// </summary>
internal sealed partial class EventTemplate
{
    private enum Kind
    {
        Literal,
        Slot,
        OneOf,
        Range,
        Time,
        Uuid,
    }

    /// <summary>Longest text of a hole that is neither slot nor list: a UUID.</summary>
    private const int MaxHole = 36;

    private readonly record struct Part(Kind Kind, byte[] Text, byte[][] OneOf, long Low, long High);

    private readonly List<Part> _parts = [];
    private readonly int _fixedBytes;

    public EventTemplate(string name, int weight, string json, IReadOnlyDictionary<string, byte[][]> lists)
    {
        Name = name;
        Weight = weight;
        var at = 0;
        foreach (var hole in Hole().EnumerateMatches(json))
        {
            AddLiteral(json[at..hole.Index]);
            _parts.Add(PartFor(json.Substring(hole.Index, hole.Length).Trim('"')[2..^1], lists));
            at = hole.Index + hole.Length;
        }
        AddLiteral(json[at..]);
        _fixedBytes = _parts.Sum(part => part.Kind switch
        {
            Kind.Literal => part.Text.Length,
            Kind.OneOf => part.OneOf.Max(choice => choice.Length),
            Kind.Slot => 0,
            _ => MaxHole,
        });
    }

    /// <summary>Event type, with a variant behind a slash where there are several.</summary>
    public string Name { get; }

    /// <summary>How often it comes by itself, outside of sessions; 0 is never.</summary>
    public int Weight { get; }

    /// <summary>Writes one event. The same scene, time and seed give the same text, its uid included.</summary>
    public void Write(Scene scene, DateTime time, ulong seed, IBufferWriter<byte> output)
    {
        var random = new Randomness(seed);
        var text = output.GetSpan(MaxLength(scene));
        var at = 0;
        foreach (ref readonly var part in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_parts))
        {
            switch (part.Kind)
            {
                case Kind.Literal:
                    Append(part.Text, text, ref at);
                    break;
                case Kind.Slot:
                    Append(scene[(int)part.Low], text, ref at);
                    break;
                case Kind.OneOf:
                    // The same list gives the same choice throughout one event.
                    var choice = new Randomness(seed ^ (ulong)part.Low);
                    Append(choice.Pick(part.OneOf), text, ref at);
                    break;
                case Kind.Range:
                    var fits = Utf8Formatter.TryFormat(part.Low + random.Below(part.High - part.Low + 1), text[at..], out var digits);
                    Debug.Assert(fits, "room for every hole was asked for");
                    at += digits;
                    break;
                case Kind.Time:
                    at += TimeText.Write(time.AddSeconds(part.Low), text[at..]);
                    break;
                case Kind.Uuid:
                    random.WriteUuid(text[at..]);
                    at += 36;
                    break;
            }
        }
        output.Advance(at);
    }

    private int MaxLength(Scene scene)
    {
        var length = _fixedBytes;
        foreach (ref readonly var part in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_parts))
        {
            if (part.Kind == Kind.Slot)
                length += scene[(int)part.Low].Length;
        }
        return length;
    }

    private void AddLiteral(string text)
    {
        if (text.Length > 0)
            _parts.Add(new Part(Kind.Literal, Encoding.UTF8.GetBytes(text), [], 0, 0));
    }

    private static Part PartFor(string name, IReadOnlyDictionary<string, byte[][]> lists)
    {
        if (name is "uid" or "uuid")
            return new Part(Kind.Uuid, [], [], 0, 0);
        if (name.StartsWith("time", StringComparison.Ordinal))
            return new Part(Kind.Time, [], [], name.Length > 4 ? long.Parse(name[4..], CultureInfo.InvariantCulture) : 0, 0);
        if (name.Split("..") is [var low, var high])
            return new Part(Kind.Range, [], [], long.Parse(low, CultureInfo.InvariantCulture), long.Parse(high, CultureInfo.InvariantCulture));
        if (lists.TryGetValue(name, out var list))
            return new Part(Kind.OneOf, [], list, NumberOf(name), 0);
        return new Part(Kind.Slot, [], [], (int)Enum.Parse<Slot>(name.Replace("_", "", StringComparison.Ordinal), ignoreCase: true), 0);
    }

    // Tells lists apart, the same in every process.
    private static long NumberOf(string name) => name.Aggregate(17L, (number, letter) => number * 1_000_003 + letter);

    private static void Append(ReadOnlySpan<byte> piece, Span<byte> text, ref int at)
    {
        piece.CopyTo(text[at..]);
        at += piece.Length;
    }

    [GeneratedRegex("""
        "#\{[a-z0-9_.+-]+\}"|\$\{[a-z0-9_.+-]+\}
        """)]
    private static partial Regex Hole();
}
