using Gatehouse.EventHandler.Configure;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EventHandler.Tests.Configure;

public sealed class OverwriteTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Without_a_terminal_existing_files_end_it_and_stay()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder));
        var before = Contents();

        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder));

        Assert.Equal(255, run.ExitCode);
        Assert.Contains("--force", run.Errors, StringComparison.Ordinal);
        Assert.Contains("server.key", run.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task One_file_of_ten_is_enough_to_end_it()
    {
        folder.Write("fluent.conf", "mine");

        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder));

        Assert.Equal(255, run.ExitCode);
        Assert.Equal(["fluent.conf"], Directory.GetFiles(folder.Path).Select(file => Path.GetFileName(file)));
    }

    [Fact]
    public async Task Force_replaces_everything_without_asking()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder));
        var before = Contents();

        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder) with { Force = true, Addr = "other:3025" }, answers: []);

        Assert.Equal(0, run.ExitCode);
        Assert.Empty(run.Questions);
        var after = Contents();
        Assert.All(after.Keys.Where(name => !name.EndsWith("role.yaml", StringComparison.Ordinal)), name => Assert.NotEqual(before[name], after[name]));
    }

    [Fact]
    public async Task Certificates_are_asked_for_once_and_replaced_with_the_fluent_conf_that_fits()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder));
        var before = Contents();

        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder) with { Addr = "other:3025" }, answers: ["y", "n", "n", "n"]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(
            ((string[])["ca.crt", "teleport-event-handler-role.yaml", "teleport-event-handler.toml", "teleport-plugin-event-handler-values.yaml"])
                .Select(name => $"? Do you want to overwrite {folder[name]}? [y/N]"),
            run.Questions);
        var after = Contents();
        Assert.Equal(
            ["ca.crt", "ca.key", "client.crt", "client.key", "fluent.conf", "server.crt", "server.key"],
            after.Keys.Where(name => before[name] != after[name]).Order(StringComparer.Ordinal));
        Assert.Contains("[1] Generated mTLS", run.Output, StringComparison.Ordinal);
        Assert.Contains("[4] Kept plugin configuration file", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("n")]
    [InlineData("Y")]
    [InlineData("yes")]
    [InlineData("")]
    public async Task Only_the_answer_y_replaces(string answer)
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder));
        var before = Contents();

        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder), answers: [answer, answer, answer, answer]);

        Assert.Equal(0, run.ExitCode);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task A_file_that_cannot_be_written_leaves_every_other_as_it_was()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder));
        var before = Contents();

        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder) with { Force = true, ClientName = "missing/client" });

        Assert.Equal(255, run.ExitCode);
        Assert.Contains("missing/client.crt", run.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task A_directory_in_the_place_of_a_file_leaves_every_other_as_it_was()
    {
        await ConfigureRun.Of(ConfigureRun.Plan(folder));
        File.Delete(folder["client.crt"]);
        Directory.CreateDirectory(folder["client.crt"]);
        var before = Contents();

        var run = await ConfigureRun.Of(ConfigureRun.Plan(folder) with { Force = true });

        Assert.Equal(255, run.ExitCode);
        Assert.Contains("client.crt is a directory", run.Errors, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    [Theory]
    [InlineData("a")]
    [InlineData("b")]
    [InlineData("c")]
    public async Task A_rename_that_fails_takes_back_those_before_it(string failing)
    {
        folder.Write("a", "old a");
        folder.Write("c", "old c");
        var before = Contents();

        var failure = await Assert.ThrowsAsync<IOException>(() => WriteThreeAsync(to =>
        {
            if (to == folder[failing])
                throw new IOException("Device or resource busy");
        }));

        Assert.Equal("Device or resource busy", failure.Message);
        Assert.Equal(before, Contents());
    }

    [Fact]
    public async Task No_name_is_without_its_file_at_any_moment()
    {
        folder.Write("a", "old a");
        folder.Write("c", "old c");
        var seen = new List<string>();

        await WriteThreeAsync(_ => seen.Add(string.Join(", ", ((string[])["a", "c"]).Select(name => File.ReadAllText(folder[name])))));

        Assert.Equal(["old a, old c", "new a, old c", "new a, old c"], seen);
        Assert.Equal(["a", "b", "c"], Contents().Keys.Order(StringComparer.Ordinal));
        Assert.All(Contents(), file => Assert.Equal($"new {file.Key}", file.Value));
    }

    [Fact]
    public async Task A_link_that_is_replaced_and_taken_back_is_a_link_again()
    {
        folder.Write("elsewhere", "old a");
        File.CreateSymbolicLink(folder["a"], "elsewhere");

        await Assert.ThrowsAsync<IOException>(() => WriteThreeAsync(to =>
        {
            if (to == folder["c"])
                throw new IOException("Device or resource busy");
        }));

        Assert.Equal("elsewhere", new FileInfo(folder["a"]).LinkTarget);
        Assert.Equal("old a", await File.ReadAllTextAsync(folder["a"], TestContext.Current.CancellationToken));
        Assert.Equal(["a", "elsewhere"], Contents().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_cannot_be_taken_back_is_told_beside_the_first_trouble_and_stops_no_other()
    {
        folder.Write("a", "old a");
        folder.Write("b", "old b");

        var failure = await Assert.ThrowsAsync<IOException>(() => WriteThreeAsync(to =>
        {
            if (to != folder["c"])
                return;
            File.Delete(Directory.GetFiles(folder.Path, "b.*.old").Single());
            throw new IOException("Device or resource busy");
        }));

        Assert.StartsWith($"Device or resource busy; {folder["b"]} has its new content", failure.Message, StringComparison.Ordinal);
        Assert.Equal(("old a", "new b"), (Contents()["a"], Contents()["b"]));
        Assert.Equal(["a", "b"], Contents().Keys.Order(StringComparer.Ordinal));
    }

    /// <summary>New a, b and c.</summary>
    /// <param name="renaming">Called before each rename, with the name it gives.</param>
    private Task WriteThreeAsync(Action<string> renaming) => FileWriter.WriteAsync(
        [(folder["a"], "new a"), (folder["b"], "new b"), (folder["c"], "new c")],
        (from, to) =>
        {
            renaming(to);
            File.Move(from, to, overwrite: true);
        },
        TestContext.Current.CancellationToken);

    private Dictionary<string, string> Contents() =>
        Directory.GetFiles(folder.Path).ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
}
