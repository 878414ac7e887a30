using System.Text;
using Gatehouse.Hosting.Settings.Toml;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.Hosting.Tests.Settings;

public class TomlErrorTests
{
    private static readonly byte[] Interesting = " \t\r\n\"'[]{}.,=#\\_-+019eTZ:\0"u8.ToArray();

    [Theory]
    [InlineData("timeout=", "(1, 9): expecting a value")]
    [InlineData("timeout \"3s\"", "(1, 9): was expecting token =, but got \"\\\"3s\\\"\" instead")]
    [InlineData("[a\n", "(1, 2): unexpected token unclosed table key, was expecting a table key")]
    [InlineData("timeout=\"3s\"\ntimeout=\"4s\"", "(2, 1): The following key was defined twice: timeout")]
    [InlineData("[a]\n[b]\n[a]\n", "(3, 2): The following key was defined twice: a")]
    [InlineData("url = https://x", "(1, 7): invalid value \"https://x\"; a text needs quotes")]
    [InlineData("a = 'ü' b = 1", "(1, 9): expected the end of the line but got \"b\"")]
    [InlineData("path = \"C:\\temp\\x\"", "(1, 16): invalid escape sequence; a backslash in \"…\" is written \\\\, or the text is put in '…'")]
    [InlineData("a = \"x\ny\"", "(1, 5): unclosed string")]
    [InlineData("start = 2021-13-01", "(1, 9): invalid date or time \"2021-13-01\"")]
    public void An_error_says_line_column_and_reason(string text, string expected)
    {
        Assert.False(TomlDocument.TryParse(Encoding.UTF8.GetBytes(text), out _, out var error));
        Assert.Equal(expected, error.ToString());
    }

    [Fact]
    public void A_byte_order_mark_is_skipped()
    {
        Assert.True(TomlDocument.TryParse("\uFEFFtimeout=\"3s\""u8, out var table, out _));
        Assert.Equal("3s", Assert.IsType<TomlString>(table.Find("timeout")).Value);
        Assert.Equal(new TomlPosition(1, 1), table.KeyPosition("timeout"));
    }

    [Fact]
    public void Keys_know_where_they_were_written()
    {
        Assert.True(TomlDocument.TryParse("# c\nbatch = 20\n[forward.fluentd]\n  url = 'x'\n"u8, out var table, out _));
        Assert.Equal(new TomlPosition(2, 1), table.KeyPosition("batch"));
        Assert.Equal(new TomlPosition(4, 3), Assert.IsType<TomlTable>(table.Find("forward", "fluentd")).KeyPosition("url"));
    }

    [Theory]
    [InlineData("[", "]", 1)]
    [InlineData("{a=", "}", 1)]
    [InlineData("{a.b.c.d.e.f.g.h.i.j=", "}", 10)]
    public void Nesting_is_bounded(string open, string close, int levels)
    {
        var deepest = TomlDocument.MaxDepth / levels;
        Assert.False(TomlDocument.TryParse(Nested(100_000), out _, out var error));
        Assert.Contains("nested more than 100 deep", error.Reason, StringComparison.Ordinal);
        Assert.True(TomlDocument.TryParse(Nested(deepest), out _, out _));

        byte[] Nested(int count) => Encoding.UTF8.GetBytes("a=" + string.Concat(Enumerable.Repeat(open, count)) + "1" + string.Concat(Enumerable.Repeat(close, count)));
    }

    [Fact]
    public void Random_damage_to_documents_gives_an_error_or_a_table_and_nothing_else()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper!.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var documents = Documents();
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = (byte[])documents[random.Next(documents.Count)].Clone();
            for (var change = random.Next(1, 5); change > 0 && bytes.Length > 0; change--)
            {
                var at = random.Next(bytes.Length);
                bytes = random.Next(4) switch
                {
                    0 => [.. bytes[..at], .. bytes[(at + 1)..]],
                    1 => [.. bytes[..at], Interesting[random.Next(Interesting.Length)], .. bytes[at..]],
                    2 => bytes[..at],
                    _ => [.. bytes[..at], (byte)random.Next(256), .. bytes[(at + 1)..]],
                };
            }
            if (!TomlDocument.TryParse(bytes, out var table, out var error))
                Assert.True(error.Position.Line > 0 && error.Position.Column > 0 && error.Reason.Length > 0);
            else
                Assert.NotNull(table);
        }
    }

    private static List<byte[]> Documents()
    {
        List<byte[]> documents = ["a.b = [1, {c = 'd'}, 2021-02-03T04:05:06.7+01:00]\n[[x.y]]\nz = \"\"\"\nq\\u00e9\\\n  r\"\"\"\n[x.w]\nk = 0x_f\n"u8.ToArray()];
        if (Repository.Shared("data", "toml-test", "valid") is { } suite)
            documents.AddRange(Directory.EnumerateFiles(suite, "*.toml", SearchOption.AllDirectories).Select(File.ReadAllBytes));
        return documents;
    }
}
