using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Golden;

/// <summary>For each captured run of the real handler it is decided whether ours does the same, and which test holds it.</summary>
public sealed class DecisionTests
{
    public static TheoryData<string> Files => ["start-errors", "cli-and-configure", "signals", "receiver-answers", "urls-tls", "paging-filters-locks", "sessions-permissions"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_captured_run_is_decided(string file) =>
        Assert.Equal(
            Transcript.AllOf(file).Select(run => run.Name).Order(StringComparer.Ordinal),
            Decisions(file).Select(decision => decision.Run).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_decision_is_held_by_a_test_that_exists(string file)
    {
        foreach (var decision in Decisions(file))
        {
            if (decision.Line != "same")
                Differences.AssertHas(decision.Line);
            var path = Repository.PathOf(["tests", .. decision.Test.Split(':')[0].Split('/')]);
            Assert.True(File.Exists(path), $"{decision.Run}: no {path}");
            Assert.Contains($" {decision.Test.Split(':')[1]}(", File.ReadAllText(path), StringComparison.Ordinal);
        }
    }

    /// <summary>The tables before these four are held by the tests of their folders, and three lines that no captured run shows by Locks/LockRuleTests and the tests of the exporter.</summary>
    [Fact]
    public void Each_difference_of_receiver_recordings_configure_and_process_is_seen_in_a_captured_run() =>
        Assert.Empty(File.ReadLines(Repository.PathOf("docs", "differences.md"))
            .SkipWhile(line => line != "## Receiver")
            .Where(line => line.StartsWith("| `", StringComparison.Ordinal))
            .Select(line => line.Split('`')[1])
            .Except(["lock-time", "lock-trouble", "last-event-refused"])
            .Except(Files.SelectMany(file => Decisions(file.Data)).Select(decision => decision.Line)));

    /// <summary>Lines of <c>run | same or a line of differences.md | test</c> in decisions.txt, under the name of each file.</summary>
    private static IReadOnlyList<(string Run, string Line, string Test)> Decisions(string file) =>
        [.. File.ReadLines(Repository.PathOf("tests", "Gatehouse.EndToEnd", "Golden", "decisions.txt"))
            .SkipWhile(line => line != $"[{file}]")
            .Skip(1)
            .TakeWhile(line => !line.StartsWith('['))
            .Where(line => line.Length > 0)
            .Select(line => line.Split(" | "))
            .Select(parts => (parts[0].Trim(), parts[1].Trim(), parts[2].Trim()))];
}
