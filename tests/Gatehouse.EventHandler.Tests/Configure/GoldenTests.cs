using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Configure;

/// <summary>What the real handler wrote, beside what ours writes for the same arguments.</summary>
public sealed partial class GoldenTests(GoldenRuns runs) : IClassFixture<GoldenRuns>
{
    private const string HelmValues = "teleport-plugin-event-handler-values.yaml";

    [Theory]
    [InlineData("defaults")]
    [InlineData("custom")]
    [InlineData("empty-password")]
    public async Task The_same_files_with_the_same_modes_are_written(string name)
    {
        var (folder, run) = await runs.Of(name);
        Assert.Equal("", run.Errors);

        using var command = JsonDocument.Parse(Golden(name, "command.json"));
        var modes = command.RootElement.GetProperty("modes").EnumerateObject().Select(mode => mode.Name);
        Assert.Equal(modes.Append(HelmValues).Order(StringComparer.Ordinal), Directory.GetFiles(folder.Path).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal));
        Assert.All(Directory.GetFiles(folder.Path), file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Theory]
    [InlineData("defaults")]
    [InlineData("custom")]
    [InlineData("empty-password")]
    public async Task The_same_lines_are_printed(string name)
    {
        var (folder, run) = await runs.Of(name);

        Assert.Equal(0, run.ExitCode);
        var lines = run.Output.Replace(folder.Path, "${DIR}", StringComparison.Ordinal);
        // The values for Helm are of a later version than the capture.
        Assert.Equal(Golden(name, "stdout.txt"), lines.Replace($"[5] Generated plugin helm configuration file ${{DIR}}/{HelmValues}\n", "", StringComparison.Ordinal));
        Assert.Contains("[5] ", lines, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("defaults", "ca")]
    [InlineData("defaults", "server")]
    [InlineData("defaults", "client")]
    [InlineData("custom", "myca")]
    [InlineData("custom", "mysrv")]
    [InlineData("custom", "mycli")]
    public async Task Certificates_have_the_same_properties_in_the_same_order(string name, string certificate)
    {
        var openssl = Peer.Require("openssl");
        var (folder, _) = await runs.Of(name);

        var dump = Program.Run(openssl, folder.Path, "x509", "-in", $"{certificate}.crt", "-noout", "-text");

        Assert.Equal(Properties(Golden(name, $"{certificate}.crt.txt")), Properties(dump.Output));
    }

    [Fact]
    public async Task The_configuration_differs_in_the_batch_size_alone()
    {
        var (folder, _) = await runs.Of("custom");

        var ours = File.ReadAllLines(folder["teleport-event-handler.toml"]).Where(line => !line.StartsWith('#') && line != "batch-size = 500");
        var theirs = Golden("custom", "teleport-event-handler.toml").Replace("${DIR}", folder.Path, StringComparison.Ordinal).TrimEnd('\n').Split('\n');
        Assert.Equal(theirs, ours);
    }

    [Fact]
    public async Task The_role_differs_in_its_version_alone()
    {
        var (folder, _) = await runs.Of("defaults");

        Assert.Equal(
            Golden("defaults", "teleport-event-handler-role.yaml").TrimEnd().Replace("version: v4", "version: v5", StringComparison.Ordinal),
            File.ReadAllText(folder["teleport-event-handler-role.yaml"]).TrimEnd());
    }

    [Fact]
    public async Task Every_setting_of_the_fluent_conf_is_there_except_for_time_and_the_buffer_that_Fluentd_does_not_use()
    {
        var (folder, _) = await runs.Of("custom");
        var ours = Settings(File.ReadAllText(folder["fluent.conf"]));

        var theirs = Settings(Golden("custom", "fluent.conf"));

        Assert.Equal(
            ["<buffer>", "@type file", "chunk_limit_size 10M", "flush_interval 1s", "flush_thread_count 8", "queue_limit_length 16", "retry_forever true", "retry_max_interval 30", "</buffer>", "time_format %Y-%m-%dT%H:%M:%S"],
            theirs.Except(ours).OrderBy(line => line, Comparer<string>.Create((a, b) => Rank(a) != Rank(b) ? Rank(a) - Rank(b) : string.CompareOrdinal(a, b))));
        Assert.Equal(["body_size_limit 32m", "keep_time_key true", "time_format %iso8601"], ours.Except(theirs).Order(StringComparer.Ordinal));

        static int Rank(string line) => line switch { "<buffer>" => 0, "</buffer>" => 2, _ => line.StartsWith("time", StringComparison.Ordinal) ? 3 : 1 };
    }

    private static string Golden(string run, string file) =>
        File.ReadAllText(Repository.PathOf("tests", "data", "handler-golden", "configure", run, file));

    private static List<string> Settings(string conf) =>
        [.. conf.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Where(line => line[0] != '#')];

    /// <summary>The dump without what is new in each run, and without the key identifiers that ours has in addition.</summary>
    private static string Properties(string dump)
    {
        dump = dump.Replace("\r", "", StringComparison.Ordinal);
        dump = dump[..dump.IndexOf("    Signature Value:", StringComparison.Ordinal)];
        foreach (var part in new[] { Serial, Dates, Modulus, KeyIdentifiers })
            dump = part.Replace(dump, "");
        return dump;
    }

    [GeneratedRegex(@" +Serial Number:[^\n]*\n( +([0-9a-f]{2}:)+[0-9a-f]{2}\n)?")]
    private static partial Regex Serial { get; }

    [GeneratedRegex(@" +Not (Before|After ): [^\n]*\n")]
    private static partial Regex Dates { get; }

    [GeneratedRegex(@" +([0-9a-f]{2}:)+([0-9a-f]{2})?\n")]
    private static partial Regex Modulus { get; }

    [GeneratedRegex(@" +X509v3 (Subject|Authority) Key Identifier: *\n[^\n]*\n")]
    private static partial Regex KeyIdentifiers { get; }
}
