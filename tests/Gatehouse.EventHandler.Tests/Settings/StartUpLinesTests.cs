using System.Text.Json;
using System.Text.RegularExpressions;
using Gatehouse.EventHandler.Settings;
using Gatehouse.Testing;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Settings;

/// <summary>The lines at start-up that users look for, held against upstream's.</summary>
public sealed partial class StartUpLinesTests : IDisposable
{
    private readonly StartTree _start = new();

    public void Dispose() => _start.Dispose();

    [Theory]
    [InlineData("triple-direct")]
    [InlineData("addr-refused-identity")]
    public async Task Every_start_up_line_of_upstream_is_there_in_its_order(string name)
    {
        var (command, stderr) = Transcript(name);
        foreach (var file in (string[])["ca.crt", "client.crt", "client.key", "identity", "auth.crt", "auth.key", "auth.cas"])
            _start.Folder.Write(file, "");
        var plan = await _start.AcceptAsync(null, [.. command.Skip(1)]);
        var log = new CollectingLogger();
        StartOptions.LogPlan(log, plan);

        var ours = log.Lines.Where(line => line.Level == LogLevel.Information).Select(line => line.Text).ToList();
        var upstream = Using().Matches(stderr).Select(match => match.Groups[1].Value).ToList();
        Assert.True(upstream.Count >= 12);
        Assert.Equal(upstream, ours.Where(upstream.Contains));
    }

    [Fact]
    public async Task Passwords_and_tokens_show_nowhere()
    {
        _start.Folder.Write("identity", "");
        _start.Folder.Write("pass", "hunter2");
        var plan = await _start.AcceptAsync(
            new Dictionary<string, string> { ["FDFWD_FLUENTD_HEADERS"] = "Authorization=hunter2" },
            "start",
            "--fluentd-url=https://user:hunter2@h:1/test.log",
            "--fluentd-session-url=https://h:1/raw?token=hunter2&noop=",
            "--fluentd-key-passphrase-file=pass",
            "--storage=s",
            "--teleport-identity=identity");
        var log = new CollectingLogger();
        StartOptions.LogPlan(log, plan);
        Assert.Contains("passwords-hidden", DifferencesPage.Lines());
        Assert.All(log.Lines, line => Assert.DoesNotContain("hunter2", line.Fields, StringComparison.Ordinal));
        Assert.Contains(log.Lines, line => line.Fields.Contains("https://••••••@h:1/test.log", StringComparison.Ordinal));
    }

    private static (string[] Command, string Stderr) Transcript(string name)
    {
        var path = Repository.PathOf("tests", "data", "handler-golden", "transcripts", "start-errors.json");
        using var document = JsonDocument.Parse(File.ReadAllText(path));
        var entry = document.RootElement.EnumerateArray().Single(candidate => candidate.GetProperty("name").GetString() == name);
        return (entry.GetProperty("command").Deserialize<string[]>()!, entry.GetProperty("stderr").GetString()!);
    }

    [GeneratedRegex("msg=\"((?:Using (?!existing|initial|start time from)|Skipping )[^\"]*)\"")]
    private static partial Regex Using();

    private sealed class CollectingLogger : ILogger
    {
        public List<(LogLevel Level, string Text, string Fields)> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add((logLevel, formatter(state, exception), string.Join(' ', (IReadOnlyList<KeyValuePair<string, object?>>)state!)));
    }
}
