using System.Text.Json;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Settings;

/// <summary>Start attempts that upstream ends because of a setting: the same words and exit code, said before anything is touched.</summary>
public sealed class GoldenUsageErrorTests : IDisposable
{
    private readonly StartTree _start = new();

    public void Dispose() => _start.Dispose();

    [Theory]
    [InlineData("addr-no-port", "address localhost: missing port in address")]
    [InlineData("addr-empty", "Can not generate cursor name from Teleport host :")]
    [InlineData("addr-empty2", "missing port in address")]
    [InlineData("addr-url", "address https://localhost:3080: too many colons in address")]
    [InlineData("fluentd-cert-without-key", "both fluentd_cert and fluentd_key should be specified")]
    [InlineData("fluentd-key-without-cert", "both fluentd_cert and fluentd_key should be specified")]
    public async Task A_wrong_start_has_upstreams_words_and_exit_code(string name, string expected)
    {
        var golden = Transcript(name);
        Assert.Contains(expected, golden.Stderr, StringComparison.Ordinal);
        var run = await RunAsync(golden);
        Assert.Equal(golden.Exit, run.Exit);
        Assert.Equal([expected], run.Errors);
    }

    [Theory]
    [InlineData("batch-0")]
    [InlineData("batch-neg")]
    [InlineData("batch-1")]
    [InlineData("dry-run")]
    [InlineData("types-none-match")]
    [InlineData("lock-count-0")]
    [InlineData("concurrency-neg")]
    [InlineData("start-time-first")]
    [InlineData("start-time-same-subsecond")]
    [InlineData("triple-direct")]
    public async Task What_upstream_starts_with_is_accepted(string name)
    {
        var golden = Transcript(name);
        Assert.Equal(0, golden.Exit);
        var run = await RunAsync(golden);
        Assert.Empty(run.Errors);
        Assert.NotNull(_start.Plan);
    }

    [Fact]
    public async Task A_start_time_in_the_environment_works_where_upstream_panics()
    {
        Assert.Contains("start-time-variable", DifferencesPage.Lines());
        Assert.Equal(2, Transcript("env-start-time").Exit);
        await RunAsync(Transcript("env-start-time"));
        Assert.Equal(new DateTimeOffset(2021, 1, 1, 0, 0, 0, TimeSpan.Zero), _start.Plan!.StartTime);
        var wrong = await RunAsync(Transcript("env-start-time-bad"));
        Assert.Equal(1, wrong.Exit);
        Assert.Equal(
            ["--start-time: parsing time \"junk\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"junk\" as \"2006\" (from envar FDFWD_START_TIME=\"junk\")"],
            wrong.Errors);
    }

    private async Task<CommandRun> RunAsync(Golden golden)
    {
        foreach (var file in (string[])["ca.crt", "client.crt", "client.key", "identity", "auth.crt", "auth.key", "auth.cas"])
            _start.Folder.Write(file, "");
        return await _start.RunAsync(golden.Env, [.. golden.Command.Skip(1)]);
    }

    private static Golden Transcript(string name)
    {
        var path = Repository.PathOf("tests", "data", "handler-golden", "transcripts", "start-errors.json");
        return JsonSerializer.Deserialize<List<Golden>>(File.ReadAllText(path), JsonSerializerOptions.Web)!.Single(entry => entry.Name == name);
    }

    private sealed record Golden(string Name, string[] Command, Dictionary<string, string>? Env, string Stderr, int Exit);
}
