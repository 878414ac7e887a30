using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Settings;

public sealed class SettingSourceTests : IDisposable
{
    private readonly TemporaryFolder _scratch = new();
    private readonly CommandSpec _program;
    private CommandCall? _call;

    public SettingSourceTests() => _program = new CommandSpec("app", "Does things")
    {
        Settings =
        [
            new("config", SettingType.File, "Configuration") { Environment = ["APP_CONFIG"], InFile = false },
            new("batch", SettingType.Whole, "Batch") { Default = "20", Environment = ["APP_BATCH", "APQ_BATCH"] },
            new("lock-failed-attempts-count", SettingType.Whole, "Count") { Default = "3" },
            new("fluentd-url", SettingType.Text, "Url"),
            new("fluentd-ca", SettingType.File, "CA"),
            new("fluentd-headers", SettingType.SecretMap, "Headers") { Environment = ["APP_HEADERS"] },
            new("secret", SettingType.Secret, "Secret") { Environment = ["APP_SECRET"], OnCommandLine = false, InFile = false },
            new("timeout", SettingType.Duration, "Timeout") { Default = "5s" },
            new("types", SettingType.List, "Types"),
            new("start-time", SettingType.Instant, "Start"),
            new("dry-run", SettingType.Switch, "Dry"),
        ],
        Run = (call, _) =>
        {
            _call = call;
            return Task.FromResult(0);
        },
    };

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task The_command_line_beats_the_file_which_beats_the_environment_which_beats_the_default()
    {
        await Accept("", []);
        Assert.Equal((20, SettingLevel.Default), (_call!.Values.Whole("batch"), _call.Values.OriginOf("batch").Level));
        await Accept("", new() { ["APP_BATCH"] = "8" });
        Assert.Equal((8, "APP_BATCH"), (_call!.Values.Whole("batch"), _call.Values.OriginOf("batch").Text));
        await Accept("\nbatch = 7", new() { ["APP_BATCH"] = "8" });
        Assert.Equal((7, $"batch, line 2 of {_scratch["app.toml"]}"), (_call!.Values.Whole("batch"), _call.Values.OriginOf("batch").Text));
        await Accept("batch = 7", new() { ["APP_BATCH"] = "8" }, "--batch=9");
        Assert.Equal((9, "--batch"), (_call!.Values.Whole("batch"), _call.Values.OriginOf("batch").Text));
    }

    [Fact]
    public async Task The_file_may_be_named_by_the_environment()
    {
        var run = await CommandRun.Of(_program, _scratch.Path, new Dictionary<string, string> { ["APP_CONFIG"] = Path.GetFileName(_scratch.Write("x.toml", "batch=6")) });
        Assert.Equal(0, run.Exit);
        Assert.Equal(6, _call!.Values.Whole("batch"));
    }

    [Theory]
    [InlineData("fluentd-url='a'", "a")]
    [InlineData("[fluentd]\nurl='b'", "b")]
    [InlineData("[forward.fluentd]\nurl='c'", "c")]
    [InlineData("forward.fluentd.url='d'", "d")]
    [InlineData("fluentd-url='a'\n[forward.fluentd]\nurl='c'\n[fluentd]\nurl='b'", "c")]
    public async Task A_fluentd_setting_has_several_places_of_which_the_true_one_wins(string toml, string expected)
    {
        await Accept(toml, []);
        Assert.Equal(expected, _call!.Values.Text("fluentd-url"));
    }

    [Fact]
    public async Task Of_a_name_as_it_is_and_a_dotted_one_the_dotted_wins()
    {
        await Accept("lock-failed-attempts-count=5\n[lock.failed.attempts]\ncount=6", []);
        Assert.Equal(6, _call!.Values.Whole("lock-failed-attempts-count"));
    }

    [Fact]
    public async Task Of_two_spellings_of_a_variable_the_first_counts_and_a_contradiction_is_said()
    {
        await Accept("", new() { ["APQ_BATCH"] = "4" });
        Assert.Equal(4, _call!.Values.Whole("batch"));
        Assert.Empty(_call.Warnings);
        await Accept("", new() { ["APP_BATCH"] = "5", ["APQ_BATCH"] = "4" });
        Assert.Equal(5, _call!.Values.Whole("batch"));
        Assert.Equal("APQ_BATCH is ignored: APP_BATCH says something else and counts", Assert.Single(_call.Warnings).Text);
    }

    [Fact]
    public async Task An_empty_file_name_counts_as_unset_and_is_said()
    {
        await Accept("[forward.fluentd]\nca=''", []);
        Assert.Null(_call!.Values.Text("fluentd-ca"));
        Assert.False(_call.Values.IsGiven("fluentd-ca"));
        Assert.Equal("--fluentd-ca is empty and counts as not set", Assert.Single(_call.Warnings).Text);
    }

    [Theory]
    [InlineData("nosuch='x'", "unknown key nosuch in line 1 of {file} has no effect", null)]
    [InlineData("batsch=3", "unknown key batsch in line 1 of {file} has no effect", "did you mean \"batch\"?")]
    [InlineData("[lock]\nfailed-attempts-count=4", "unknown key [lock] failed-attempts-count in line 2 of {file} has no effect", "did you mean \"lock-failed-attempts-count\"?")]
    [InlineData("[forward.fluentd]\nurk='x'", "unknown key [forward.fluentd] urk in line 2 of {file} has no effect", "did you mean \"[forward.fluentd] url\"?")]
    [InlineData("[forward.fluentd]\ntimeout='3s'", "unknown key [forward.fluentd] timeout in line 2 of {file} has no effect", "\"timeout\" belongs at the top of the file, before the first [table]")]
    public async Task An_unknown_key_is_a_warning_with_line_and_hint(string toml, string text, string? hint)
    {
        await Accept(toml, []);
        var warning = Assert.Single(_call!.Warnings);
        Assert.Equal(text.Replace("{file}", _scratch["app.toml"], StringComparison.Ordinal), warning.Text);
        Assert.Equal(hint, warning.Hint);
    }

    [Theory]
    [InlineData("timeout=7", "--timeout: expected duration but got 7: a number without a unit", "timeout, line 1 of {file}; Teleport's own handler takes it as 7 nanoseconds; write \"7s\" for seconds")]
    [InlineData("timeout='1d'", "--timeout: expected duration but got \"1d\": time: unknown unit \"d\" in duration \"1d\"", "timeout, line 1 of {file}")]
    [InlineData("batch=7.5", "--batch: expected a valid 64 bit int but got \"7.5\"", "batch, line 1 of {file}")]
    [InlineData("batch=3000000000", "--batch: 3000000000 is out of range", "batch, line 1 of {file}; at most 2147483647")]
    [InlineData("dry-run=1", "--dry-run: expected bool but got 1 (int64)", "dry-run, line 1 of {file}; write true or false")]
    [InlineData("types=[1]", "--types: expected a list of strings but one item is of type integer", "types, line 1 of {file}")]
    [InlineData("start-time=2021-02-03T04:05:06", "--start-time: expected time with an offset but got 2021-02-03T04:05:06 (local date-time)", "start-time, line 1 of {file}; append Z for UTC")]
    [InlineData("[forward.fluentd]\nurl=1", "--fluentd-url: expected string but got a value of type integer", "[forward.fluentd] url, line 2 of {file}")]
    [InlineData("[forward.fluentd]\nheaders='x'", "--fluentd-headers: expected \"<key>=<value>\" but an entry has no \"=\"", "[forward.fluentd] headers, line 2 of {file}")]
    [InlineData("timeout=", "(1, 9): expecting a value", "line 1 of {file}")]
    public async Task A_wrong_value_in_the_file_is_refused_with_its_line(string toml, string text, string hint)
    {
        var run = await Run(toml, []);
        Assert.Equal(1, run.Exit);
        Assert.Equal([text], run.Errors);
        Assert.Equal([hint.Replace("{file}", _scratch["app.toml"], StringComparison.Ordinal)], run.Hints);
    }

    [Fact]
    public async Task Headers_come_from_a_table_or_a_variable_and_show_as_dots()
    {
        await Accept("[forward.fluentd.headers]\nAuthorization = 'Splunk 1'\nX-A = 'b'", []);
        Assert.Equal("Splunk 1", _call!.Values.Map("fluentd-headers")["authorization"].Reveal());
        Assert.Equal("Authorization=••••••;X-A=••••••", Line("fluentd-headers"));
        Assert.Empty(_call.Warnings);
        await Accept("", new() { ["APP_HEADERS"] = "A=b=c;D=e" });
        Assert.Equal(["b=c", "e"], _call!.Values.Map("fluentd-headers").Values.Select(value => value.Reveal()));
    }

    [Fact]
    public async Task Secrets_come_only_from_the_environment_and_never_show()
    {
        await Accept("secret='file'", new() { ["APP_SECRET"] = "sesame" });
        Assert.Equal("sesame", _call!.Values.Secret("secret")!.Reveal());
        Assert.Equal("••••••", Line("secret"));
        Assert.Equal(["unknown flag --secret"], (await Run("", [], "--secret=x")).Errors);
    }

    [Fact]
    public async Task Unknown_keys_are_named_beside_what_is_wrong()
    {
        var run = await Run("timeout=7\n[forward.fluentd]\nurk='x'", []);
        Assert.Equal(1, run.Exit);
        Assert.Contains("warning: unknown key [forward.fluentd] urk in line 3", run.Error, StringComparison.Ordinal);
        Assert.Contains("error: --timeout", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_are_read_again_from_a_changed_file()
    {
        await Accept("batch=7", []);
        _scratch.Write("app.toml", "batch=8\ntimeout=1");
        var problems = new ProblemList();
        Assert.Equal(8, _call!.Source.Read(problems).Whole("batch"));
        Assert.Equal("--timeout: expected duration but got 1: a number without a unit", Assert.Single(problems.Problems).Text);
    }

    private string Line(string name) => _call!.Values.Lines().Single(line => line.Name == name).Value;

    private async Task Accept(string toml, Dictionary<string, string> environment, params string[] args)
    {
        var run = await Run(toml, environment, args);
        Assert.Equal("", run.Error);
    }

    private Task<CommandRun> Run(string toml, Dictionary<string, string> environment, params string[] args) =>
        CommandRun.Of(_program, _scratch.Path, environment, ["--config", _scratch.Write("app.toml", toml), .. args]);
}
