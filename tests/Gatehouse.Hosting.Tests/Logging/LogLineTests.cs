using System.Text;
using System.Text.Json;
using Gatehouse.Hosting.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Logging;

public sealed partial class LogLineTests : IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 21, 0, 34, 31, 186, TimeSpan.Zero));

    public void Dispose() => _output.Dispose();

    [Fact]
    public void A_pipe_gets_words_and_fields_as_logrus_writes_them()
    {
        EventSent(Logger(new LogfmtLine()), "534e7a06", "user.login", new DateTime(2026, 11, 21, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal("time=2026-11-21T00:34:31.186Z level=debug msg=\"Event sent\" id=534e7a06 type=user.login ts=2026-11-21T00:00:00.000Z\n", Written());
    }

    [Fact]
    public void A_value_that_stands_in_the_text_is_not_said_twice()
    {
        Refused(Logger(new LogfmtLine()), "status 400", 3);
        Assert.Equal("time=2026-11-21T00:34:31.186Z level=warning msg=\"Refused: status 400\" attempts_so_far=3\n", Written());
    }

    [Theory]
    [InlineData("line\nbreak", "\"line\\nbreak\"")]
    [InlineData("quote\"d", "\"quote\\\"d\"")]
    [InlineData("\u001b[31m", "\"\\u001b[31m\"")]
    [InlineData("", "\"\"")]
    [InlineData("plain-1.2/x@y:z", "plain-1.2/x@y:z")]
    public void Control_characters_never_reach_the_line(string value, string expected)
    {
        Refused(Logger(new LogfmtLine()), value, 1);
        var text = new StringBuilder();
        LogfmtLine.Quoted(text, value);
        Assert.Equal(expected, text.ToString());
        Assert.Single(Written().TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Json_lines_parse_and_keep_numbers_as_numbers()
    {
        Refused(Logger(new JsonLine()), "a \"b\" <c>", 3);
        using var line = JsonDocument.Parse(Written());
        Assert.Equal("Refused: a \"b\" <c>", line.RootElement.GetProperty("msg").GetString());
        Assert.Equal("warning", line.RootElement.GetProperty("level").GetString());
        Assert.Equal(3, line.RootElement.GetProperty("attempts_so_far").GetInt32());
    }

    [Fact]
    public void Lines_below_the_minimum_are_not_made()
    {
        EventSent(Logger(new LogfmtLine(), LogLevel.Information), "1", "user.login", default);
        Assert.Equal("", Written());
    }

    [Theory]
    [InlineData(5_000, "5s")]
    [InlineData(3_600_000, "1h0m0s")]
    [InlineData(250, "250ms")]
    [InlineData(90_500, "1m30.5s")]
    [InlineData(0, "0s")]
    public void Durations_look_as_Go_prints_them(int milliseconds, string expected) =>
        Assert.Equal(expected, LogValue.Text(TimeSpan.FromMilliseconds(milliseconds)));

    [Fact]
    public void Level_and_form_may_change_while_the_log_is_in_use()
    {
        var wanted = new LogSwitch(LogFormat.Text, LogLevel.Information);
        using var logs = ConsoleLog.Create(wanted, new LogfmtLine(), _output, _time);
        var log = logs.CreateLogger("test");
        Assert.False(log.IsEnabled(LogLevel.Debug));
        EventSent(log, "before", "user.login", default);
        (wanted.Format, wanted.Minimum) = (LogFormat.Json, LogLevel.Debug);
        Assert.True(log.IsEnabled(LogLevel.Debug));
        EventSent(log, "between", "user.login", default);
        wanted.Format = LogFormat.Text;
        EventSent(log, "after", "user.login", default);
        var lines = Written().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("{", lines[0], StringComparison.Ordinal);
        Assert.Contains("between", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("id=after type=user.login ts=0001-01-01T00:00:00.000Z", lines[1], StringComparison.Ordinal);
    }

    private ILogger Logger(ILineFormat format, LogLevel minimum = LogLevel.Debug) =>
        ConsoleLog.Create(new LogSwitch(LogFormat.Text, minimum), format, _output, _time).CreateLogger("test");

    private string Written() => Encoding.UTF8.GetString(_output.ToArray());

    [LoggerMessage(1, LogLevel.Debug, "Event sent")]
    private static partial void EventSent(ILogger log, string id, string type, DateTime ts);

    [LoggerMessage(2, LogLevel.Warning, "Refused: {reason}")]
    private static partial void Refused(ILogger log, string reason, int attemptsSoFar);
}
