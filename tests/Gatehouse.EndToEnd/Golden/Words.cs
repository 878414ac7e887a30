using Gatehouse.EndToEnd.Running;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>Holds a log against a captured one.</summary>
internal static class Words
{
    /// <summary>Lines of upstream that tell of its own page keys, not of the export.</summary>
    private static readonly string[] Inner = ["Using initial cursor value", "Using initial ID value", "Using start time from state"];

    /// <summary>The captured lines of level info and warning are among ours, in their order.</summary>
    public static void AssertSaid(Transcript golden, ProgramEnd end)
    {
        var ours = end.Messages;
        var at = 0;
        foreach (var line in golden.Log.Where(line => line.Level is "info" or "warning" && !Inner.Contains(line.Message)))
        {
            var found = ours.Skip(at).ToList().IndexOf(line.Message);
            Assert.True(found >= 0, $"not said, or not in this order: {line.Level} {line.Message}\n{end.Errors}");
            at += found + 1;
        }
    }
}
