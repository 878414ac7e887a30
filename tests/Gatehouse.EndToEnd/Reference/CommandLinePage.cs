using System.Text;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.EndToEnd.Reference;

/// <summary>docs/reference/cli.md: the help of every command.</summary>
internal static class CommandLinePage
{
    public static string Write(CommandSpec root)
    {
        var page = new StringBuilder("""
            # Commands

            *Generated from the code; changes here are overwritten.*

            The same binary answers to other names: `teleport-event-handler` and `teleport-plugin` are `gatehouse event-handler`, `tctl` is `gatehouse`.
            Help goes to standard output with exit code 0. A wrong command line or setting prints the usage there, every problem on a line
            `<name>: error: …` on standard error, and ends with exit code 1.

            """);
        Append(page, [root]);
        return page.ToString();
    }

    private static void Append(StringBuilder page, IReadOnlyList<CommandSpec> path)
    {
        if (path[^1].Run is not null || path.Count == 1)
            page.Append($"\n## {string.Join(' ', path.Select(step => step.Name))}\n\n```\n{HelpText.Of(path)}```\n");
        foreach (var child in path[^1].Commands)
            Append(page, [.. path, child]);
    }
}
