using Gatehouse.EndToEnd.Running;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>Holds a log against a captured one.</summary>
internal static class Words
{
    /// <summary>The captured lines of level info and warning, in order, are among ours.</summary>
    public static void AssertSaid(GoldenDesk desk, Transcript golden, ProgramEnd end)
    {
        var ours = new Queue<LogLine>(end.Log);
        foreach (var line in golden.Log.Where(line => line.Level is "info" or "warning"))
        {
            while (ours.TryDequeue(out var said) && said.Message != line.Message)
            {
            }
            Assert.True(ours.Count > 0 || end.Log[^1].Message == line.Message, $"not said, or not in this order: {line.Level} {line.Message}\n{end.Errors}");
        }
    }
}
