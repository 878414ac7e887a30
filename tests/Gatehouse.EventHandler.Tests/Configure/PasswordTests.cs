using System.Text;
using Gatehouse.EventHandler.Configure;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Configure;

public sealed class PasswordTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Without_a_pipe_a_password_of_64_hex_digits_is_made()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder));

        Assert.Matches("private_key_passphrase \"[0-9a-f]{64}\"", File.ReadAllText(folder["fluent.conf"]));
        Assert.StartsWith("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,", File.ReadAllText(folder["server.key"]), StringComparison.Ordinal);
        Assert.DoesNotContain("ENCRYPTED", File.ReadAllText(folder["client.key"]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_pipe_leaves_the_key_plain()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder, ""));

        Assert.Contains("private_key_passphrase \"\"", File.ReadAllText(folder["fluent.conf"]), StringComparison.Ordinal);
        Assert.DoesNotContain("ENCRYPTED", File.ReadAllText(folder["server.key"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\"b\\c", "\"a\\\"b\\\\c\"")]
    [InlineData("#{`id`}", "\"\\#{`id`}\"")]
    [InlineData("with blank # and ü", "\"with blank # and ü\"")]
    public async Task What_Fluentd_would_take_for_syntax_is_escaped(string password, string written)
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder, password));

        Assert.Contains($"private_key_passphrase {written}\n", File.ReadAllText(folder["fluent.conf"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret\n", "ends with a line break")]
    [InlineData("se\ncret", "holds a line break")]
    [InlineData("se\0cret", "control character")]
    public async Task A_password_that_fluent_conf_cannot_carry_is_refused_before_anything_is_written(string password, string reason)
    {
        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder, password));

        Assert.Equal(255, run.ExitCode);
        Assert.Contains(reason, run.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("cret", run.Errors, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public async Task Bytes_that_are_no_text_and_a_flood_are_refused()
    {
        Assert.Contains("not UTF-8", KeyPassword.From([0xff, 0xfe]).Problem, StringComparison.Ordinal);

        using var flood = new MemoryStream(Encoding.ASCII.GetBytes(new string('x', 1_000_000)));
        var read = await StandardInputPassword.ReadAsync(flood, TestContext.Current.CancellationToken);
        Assert.Contains("longer than 4096 bytes", KeyPassword.From(read).Problem, StringComparison.Ordinal);
    }
}
