using Gatehouse.Cli;
using Gatehouse.Testing;
using Xunit;

namespace Gatehouse.EndToEnd.Reference;

/// <summary>
/// The generated pages below docs/reference say what the code does. After a change:
/// <c>GATEHOUSE_UPDATE_DOCS=1 ./build.sh test EndToEnd</c> writes them anew.
/// </summary>
public class ReferencePagesTests
{
    [Fact]
    public void The_settings_page_is_fresh() => AssertFresh("settings.md", SettingsPage.Write());

    [Fact]
    public void The_command_line_page_is_fresh() => AssertFresh("cli.md", CommandLinePage.Write(FrontDoor.TreeFor("gatehouse")));

    private static void AssertFresh(string name, string text)
    {
        var path = Repository.PathOf("docs", "reference", name);
        if (Environment.GetEnvironmentVariable("GATEHOUSE_UPDATE_DOCS") == "1")
            File.WriteAllText(path, text);
        Assert.True(
            File.Exists(path) && File.ReadAllText(path) == text,
            $"docs/reference/{name} is stale; GATEHOUSE_UPDATE_DOCS=1 ./build.sh test EndToEnd writes it anew");
    }
}
