using FsCheck;
using FsCheck.Fluent;
using Google.Protobuf.WellKnownTypes;

namespace Gatehouse.Events.Tests;

/// <summary>Documents with every kind of value, odd text and odd numbers included. No empty keys: Google's formatter refuses them.</summary>
internal static class GeneratedStructs
{
    private static readonly double[] OddNumbers =
    [
        0, -0.0, 1, -1, 0.1, 1e-5, 1e-6, 1e-7, 123456.789, 1e15, 1e16, 1e17, 1e20, 1e21, 1e22, 9007199254740991, 9007199254740992, 9007199254740994,
        double.MaxValue, double.MinValue, double.Epsilon, 2.2250738585072014e-308, 4.35, 5e-324, 1.7976931348623157e308, -1e-6, 0.000001234,
    ];

    private static readonly string[] OddTexts =
    [
        "", "\"", "\\", "\0", "\u0001\u001f", "\b\f\n\r\t", "/", "<b>&'", "\u2028\u2029", "\u007f\u0080", "ä", "日本語", "😀", "\U0010FFFF", "\uFEFF", "\uFFFD",
        "sid", "uid", "a long text that needs more than one vector of sixteen bytes to be copied", "the last byte is odd\n",
    ];

    private static Gen<string> Texts { get; } = Gen.OneOf(
        Gen.Elements(OddTexts),
        ArbMap.Default.GeneratorFor<NonNull<string>>().Select(text => WellFormed(text.Get)),
        Gen.Elements(OddTexts).Two().Select(pair => pair.Item1 + pair.Item2));

    private static Gen<double> Numbers { get; } = Gen.OneOf(
        Gen.Elements(OddNumbers),
        ArbMap.Default.GeneratorFor<int>().Select(number => (double)number),
        ArbMap.Default.GeneratorFor<long>().Select(bits => BitConverter.Int64BitsToDouble(bits)).Where(double.IsFinite),
        ArbMap.Default.GeneratorFor<NormalFloat>().Select(number => number.Get));

    public static Arbitrary<Struct> All { get; } = Gen.Sized(size => Objects(Math.Min(size, 24))).ToArbitrary();

    private static Gen<Value> Values(int size)
    {
        var scalar = Gen.OneOf(
            Texts.Select(Value.ForString),
            Numbers.Select(Value.ForNumber),
            Gen.Elements(true, false).Select(Value.ForBool),
            Gen.Constant(0).Select(_ => Value.ForNull()));
        if (size <= 0)
            return scalar;
        return Gen.Frequency(
            (6, scalar),
            (1, Objects(size / 2).Select(Value.ForStruct)),
            (1, Values(size / 2).ListOf(size % 5).Select(items => Value.ForList([.. items]))));
    }

    private static Gen<Struct> Objects(int size) =>
        Gen.Choose(0, size).SelectMany(count => Gen.Zip(Texts.Where(key => key.Length > 0), Values(size / 2)).ListOf(count)).Select(entries =>
        {
            var document = new Struct();
            foreach (var (key, value) in entries)
                document.Fields[key] = value;
            return document;
        });

    // Lone surrogates cannot be put on the wire by Google's encoder.
    private static string WellFormed(string text) => string.Concat(text.EnumerateRunes().Select(rune => rune.ToString()));
}
