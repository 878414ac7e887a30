using System.Globalization;

namespace Gatehouse.Bench;

/// <summary>Figures on standard output, each with how it was measured.</summary>
internal sealed class Report(TextWriter output)
{
    public void Heading(string text) => output.WriteLine($"\n== {text}");

    /// <param name="what">What was measured.</param>
    /// <param name="value">The figure.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="how">How it was measured, so that somebody else can do it again.</param>
    public void Figure(string what, double value, string unit, string how) =>
        output.WriteLine($"{what,-44} {Text(value),14} {unit,-14} {how}");

    /// <summary>A figure with an aim; says whether it was reached.</summary>
    public void Figure(string what, double value, string unit, double aim, string how) =>
        Figure(what, value, unit, $"{how}; aim {Text(aim)}: {(value >= aim ? "reached" : "missed")}");

    /// <summary>A figure that should not be above its aim.</summary>
    public void AtMost(string what, double value, string unit, double aim, string how) =>
        Figure(what, value, unit, $"{how}; aim at most {Text(aim)}: {(value <= aim ? "reached" : "missed")}");

    private static string Text(double value) => value.ToString(Math.Abs(value) < 100 ? "0.##" : "#,0", CultureInfo.InvariantCulture);
}
