using Gatehouse.Hosting.Settings;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Settings;

public sealed class CommandLineTests : IDisposable
{
    private readonly TemporaryFolder _scratch = new();
    private SettingValues? _values;

    private CommandSpec Program() => new("app", "Does things")
    {
        Settings = [new("config", SettingType.File, "Configuration") { Letter = 'c' }, new("debug", SettingType.Switch, "Debug") { Letter = 'd' }],
        Commands =
        [
            new CommandSpec("start", "Starts")
            {
                Settings =
                [
                    new("batch", SettingType.Whole, "Batch") { Default = "20", Environment = ["APP_BATCH"] },
                    new("types", SettingType.List, "Types"),
                    new("timeout", SettingType.Duration, "Timeout") { Default = "5s" },
                    new("dry-run", SettingType.Switch, "Dry"),
                    new("name", SettingType.Text, "Name"),
                    new("log-format", SettingType.Text, "Format") { Choices = ["text", "json"] },
                ],
                Examples = ["--batch 7"],
                Run = Remember,
            },
            new CommandSpec("make", "Makes")
            {
                Arguments =
                [
                    new("out", SettingType.Directory, "Where") { Required = true },
                    new("addr", SettingType.Text, "Address") { Default = "localhost:3025" },
                    new("name", SettingType.Text, "Name") { Default = "ca" },
                ],
                Settings = [new("force", SettingType.Switch, "Overwrite"), new("length", SettingType.Whole, "Bits") { Default = "4096", Choices = ["1024", "4096"] }],
                Run = Remember,
            },
            new CommandSpec("import", "Imports")
            {
                Arguments = [new("file", SettingType.List, "Files") { Required = true, TakesRest = true }],
                Run = Remember,
            },
        ],
    };

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public async Task Flags_take_their_value_behind_a_blank_or_an_equals_sign_anywhere_on_the_line()
    {
        await Accept("-d", "start", "--batch=7", "--timeout", "1m", "-c", _scratch.Write("a.toml", ""), "--name=a=b");
        Assert.Equal(7, _values!.Whole("batch"));
        Assert.Equal(TimeSpan.FromMinutes(1), _values.Duration("timeout"));
        Assert.Equal("a=b", _values.Text("name"));
        Assert.True(_values.Switch("debug"));
        Assert.Equal(_scratch["a.toml"], _values.Text("config"));
    }

    [Theory]
    [InlineData(true, "--dry-run")]
    [InlineData(true, "--dry-run=true")]
    [InlineData(true, "--dry-run=yes")]
    [InlineData(true, "--dry-run=1")]
    [InlineData(false, "--dry-run=no")]
    [InlineData(true, "--dry-run", "true")]
    [InlineData(false, "--dry-run", "false")]
    [InlineData(false, "--dry-run", "0")]
    [InlineData(true, "--dry-run", "--batch", "3")]
    [InlineData(true, "--dry-run=false", "--dry-run")]
    public async Task A_switch_stands_alone_or_with_its_value(bool expected, params string[] args)
    {
        await Accept(["start", .. args]);
        Assert.Equal(expected, _values!.Switch("dry-run"));
    }

    [Fact]
    public async Task Where_arguments_are_expected_a_switch_takes_only_the_words_true_and_false()
    {
        Directory.CreateDirectory(_scratch["1"]);
        await Accept("make", "--force", "1");
        Assert.True(_values!.Switch("force"));
        Assert.Equal(_scratch["1"], _values.Text("out"));
        await Accept("make", "--force", "true", "1");
        Assert.Equal(_scratch["1"], _values!.Text("out"));
    }

    [Fact]
    public async Task Short_flags_stand_together_and_touch_their_value()
    {
        var file = _scratch.Write("b.toml", "");
        await Accept("start", "-dcb.toml");
        Assert.Equal(file, _values!.Text("config"));
        Assert.True(_values.Switch("debug"));
    }

    [Fact]
    public async Task Lists_are_parted_by_commas_and_gathered_from_repeated_flags()
    {
        await Accept("start", "--types", @"a,b\,c", "--types=d");
        Assert.Equal(["a", "b,c", "d"], _values!.List("types"));
    }

    [Fact]
    public async Task Behind_two_dashes_everything_is_an_argument()
    {
        Directory.CreateDirectory(_scratch["--out"]);
        await Accept("make", "--", "--out", "-x:1");
        Assert.Equal(_scratch["--out"], _values!.Text("out"));
        Assert.Equal("-x:1", _values.Text("addr"));
        Assert.Equal("ca", _values.Text("name"));
    }

    [Fact]
    public async Task The_last_argument_may_take_all_that_is_left()
    {
        await Accept("import", "a", "b,c", "d");
        Assert.Equal(["a", "b,c", "d"], _values!.List("file"));
    }

    [Theory]
    [InlineData("expected one of \"start\",  \"make\",  \"import\"")]
    [InlineData("unexpected argument strat, did you mean \"start\"?", "strat")]
    [InlineData("unknown flag --version", "--version")]
    [InlineData("unknown flag --batsch, did you mean \"--batch\"?", "start", "--batsch=3")]
    [InlineData("unknown flag --ti, did you mean \"--timeout\"?", "start", "--ti")]
    [InlineData("unknown flag -x, did you mean one of \"-h\", \"-c\", \"-d\"?", "start", "-x")]
    [InlineData("expected \"<out>\"", "make")]
    [InlineData("unexpected argument e", "make", ".", "a:1", "b", "e")]
    [InlineData("<out>: stat {dir}/nope: no such file or directory", "make", "nope")]
    [InlineData("<out>: \"{dir}/file\" exists but is not a directory", "make", "file")]
    [InlineData("--config: \"{dir}\" exists but is a directory", "start", "-c", "../{name}")]
    [InlineData("--batch: expected a valid 64 bit int but got \"x\"", "start", "--batch=x")]
    [InlineData("--dry-run: bool value must be true, 1, yes, false, 0 or no but got \"maybe\"", "start", "--dry-run=maybe")]
    [InlineData("--timeout: expected duration but got \"10d\": time: unknown unit \"d\" in duration \"10d\"", "start", "--timeout", "10d")]
    [InlineData("--timeout: expected duration value but got \"-1h\" (short flag); perhaps try --timeout=\"-1h\"?", "start", "--timeout", "-1h")]
    [InlineData("--name: expected string value but the command line ends here", "start", "--name")]
    [InlineData("--length must be one of \"1024\",\"4096\" but got \"512\"", "make", ".", "--length", "512")]
    [InlineData("--log-format must be one of \"text\",\"json\" but got \"xml\"", "start", "--log-format=xml")]
    public async Task A_usage_error_has_the_words_of_the_fields_parser(string expected, params string[] args)
    {
        _scratch.Write("file", "");
        var run = await Run(null, [.. args.Select(Fill)]);
        Assert.Equal(1, run.Exit);
        Assert.StartsWith("Usage: app", run.Out, StringComparison.Ordinal);
        Assert.Equal($"app: error: {Fill(expected)}\n\n", run.Error);

        string Fill(string text) => text
            .Replace("{dir}", _scratch.Path, StringComparison.Ordinal)
            .Replace("{name}", Path.GetFileName(_scratch.Path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_wrong_values_are_listed_at_once()
    {
        var run = await Run(new() { ["APP_BATCH"] = "many" }, "start", "--timeout=7", "--dry-run=perhaps");
        Assert.Equal(
            [
                "--batch: expected a valid 64 bit int but got \"many\" (from envar APP_BATCH=\"many\")",
                "--timeout: expected duration but got \"7\": time: missing unit in duration \"7\"",
                "--dry-run: bool value must be true, 1, yes, false, 0 or no but got \"perhaps\"",
            ],
            run.Errors);
    }

    [Fact]
    public async Task Help_goes_to_standard_output_and_ends_with_examples()
    {
        var run = await Run(null, "start", "--help");
        Assert.Equal(0, run.Exit);
        Assert.Equal("", run.Error);
        Assert.Equal(
            """
            Usage: app start

            Starts

            Flags:
              -h, --help                 Show context-sensitive help.
              -c, --config=STRING        Configuration
              -d, --debug                Debug

                  --batch=20             Batch ($APP_BATCH)
                  --types=TYPES,...      Types
                  --timeout=5s           Timeout
                  --dry-run              Dry
                  --name=STRING          Name
                  --log-format=STRING    Format

            Examples:
              app start --batch 7

            """,
            run.Out);
    }

    [Fact]
    public async Task Help_wins_over_an_error_on_the_same_line()
    {
        var run = await Run(null, "start", "--nonsense", "--help");
        Assert.Equal(0, run.Exit);
        Assert.StartsWith("Usage: app start", run.Out, StringComparison.Ordinal);
    }

    private async Task Accept(params IReadOnlyList<string> args)
    {
        var run = await Run(null, args);
        Assert.Equal("", run.Error);
        Assert.Equal(0, run.Exit);
    }

    private Task<CommandRun> Run(Dictionary<string, string>? environment, params IReadOnlyList<string> args) =>
        CommandRun.Of(Program(), _scratch.Path, environment, args);

    private Task<int> Remember(CommandCall call, CancellationToken cancellation)
    {
        _values = call.Values;
        return Task.FromResult(0);
    }
}
