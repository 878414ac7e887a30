using System.Text;

namespace Gatehouse.Hosting.Settings;

/// <summary>Help and usage in the layout of the field's parser: usage line, sentence, arguments, flags, commands; then examples.</summary>
public static class HelpText
{
    private const int Width = 80;
    private const int Padding = 4;
    private const int WidestLeft = 30;

    /// <summary>The help of the last command of <paramref name="path"/>; the first is the program.</summary>
    public static string Of(IReadOnlyList<CommandSpec> path)
    {
        var command = path[^1];
        var app = path[0].Name;
        var text = new StringBuilder();
        text.Append("Usage: ").AppendJoin(' ', path.Select(step => step.Name)).Append(Signature(command));
        if (command.Commands.Count > 0)
            text.Append(" <command>");
        text.Append("\n\n").Append(command.What).Append('\n');
        if (command.Arguments.Count > 0)
        {
            text.Append("\nArguments:\n");
            AppendColumns(text, [.. command.Arguments.Select(argument => (ArgumentSummary(argument), argument.What))]);
        }
        text.Append("\nFlags:\n");
        AppendFlags(text, path);
        if (command.Commands.Count > 0)
        {
            text.Append("\nCommands:\n");
            foreach (var (summary, what) in Listed(command, ""))
                text.Append("  ").Append(summary).Append("\n    ").Append(what).Append("\n\n");
            text.Append($"Run \"{string.Join(' ', path.Select(step => step.Name))} <command> --help\" for more information on a command.\n");
        }
        if (command.Examples.Count > 0)
        {
            text.Append("\nExamples:\n");
            foreach (var example in command.Examples)
                text.Append("  ").AppendJoin(' ', path.Select(step => step.Name)).Append(' ').Append(example).Append('\n');
        }
        return text.ToString();
    }

    /// <summary><c>&lt;out&gt;</c>, or <c>[&lt;addr&gt;]</c> when it may be left out.</summary>
    internal static string ArgumentSummary(SettingSpec argument)
    {
        var name = argument.TakesRest ? $"<{argument.Name}> ..." : $"<{argument.Name}>";
        return argument.Required ? name : $"[{name}]";
    }

    /// <summary><c>--batch=20</c>, <c>--storage=STRING</c>, <c>--types=TYPES,...</c></summary>
    internal static string FlagSummary(SettingSpec setting)
    {
        if (setting.Type == SettingType.Switch)
            return setting.Shown;
        var word = setting.Default ?? setting.Placeholder ?? setting.Type switch
        {
            SettingType.Whole => "INT",
            SettingType.Duration => "DURATION",
            SettingType.List or SettingType.Instant => setting.Name.ToUpperInvariant(),
            SettingType.SecretMap => "KEY=VALUE",
            _ => "STRING",
        };
        return (setting.Type, setting.Default) switch
        {
            (SettingType.List, _) => $"{setting.Shown}={word},...",
            (SettingType.SecretMap, _) => $"{setting.Shown}={word};...",
            (SettingType.Text, not null) => $"{setting.Shown}=\"{word}\"",
            _ => $"{setting.Shown}={word}",
        };
    }

    private static string Signature(CommandSpec command)
    {
        var text = new StringBuilder();
        foreach (var setting in command.Settings.Where(setting => setting.Required))
            text.Append(' ').Append(FlagSummary(setting));
        var open = 0;
        foreach (var argument in command.Arguments)
        {
            text.Append(' ');
            if (argument.Required)
            {
                text.Append(ArgumentSummary(argument));
                continue;
            }
            text.Append('[').Append(ArgumentSummary(argument)[1..^1]);
            open++;
        }
        return text.Append(']', open).ToString();
    }

    /// <summary>Commands that do something, with the way to them.</summary>
    private static IEnumerable<(string Summary, string What)> Listed(CommandSpec command, string way)
    {
        foreach (var child in command.Commands)
        {
            if (child.Run is not null)
                yield return (way + child.Name + Signature(child), child.What);
            foreach (var below in Listed(child, $"{way}{child.Name} "))
                yield return below;
        }
    }

    private static void AppendFlags(StringBuilder text, IReadOnlyList<CommandSpec> path)
    {
        List<List<(string Left, string Right)>> groups = [[("-h, --help", "Show context-sensitive help.")]];
        foreach (var step in path)
        {
            var rows = step.Settings.Where(setting => setting.OnCommandLine).Select(Row).ToList();
            // Flags of the command itself stand apart from those of every command.
            if (step == path[^1] && path.Count > 1 && rows.Count > 0)
                groups.Add(rows);
            else
                groups[0].AddRange(rows);
        }
        var left = LeftWidth(groups.SelectMany(group => group));
        for (var i = 0; i < groups.Count; i++)
        {
            if (i > 0)
                text.Append('\n');
            AppendColumns(text, groups[i], left);
        }
    }

    private static (string, string) Row(SettingSpec setting)
    {
        var name = (setting.Letter is { } letter ? $"-{letter}, " : "    ") + FlagSummary(setting);
        return (name, setting.Environment.Count == 0 ? setting.What : $"{setting.What} (${setting.Environment[0]})");
    }

    private static int LeftWidth(IEnumerable<(string Left, string Right)> rows) =>
        rows.Select(row => row.Left.Length).Where(length => length < WidestLeft).DefaultIfEmpty().Max();

    private static void AppendColumns(StringBuilder text, List<(string Left, string Right)> rows, int? leftWidth = null)
    {
        var left = leftWidth ?? LeftWidth(rows);
        var indent = new string(' ', 2 + left + Padding);
        foreach (var (name, what) in rows)
        {
            text.Append("  ").Append(name);
            var lines = Wrap(what, Width - indent.Length);
            if (name.Length <= left)
                text.Append(' ', left - name.Length + Padding).Append(lines[0]).Append('\n');
            else
                text.Append('\n').Append(indent).Append(lines[0]).Append('\n');
            foreach (var line in lines.Skip(1))
                text.Append(indent).Append(line).Append('\n');
        }
    }

    private static List<string> Wrap(string text, int width)
    {
        List<string> lines = [];
        var line = new StringBuilder();
        foreach (var word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                lines.Add(line.ToString());
                line.Clear();
            }
            if (line.Length > 0)
                line.Append(' ');
            line.Append(word);
        }
        lines.Add(line.ToString());
        return lines;
    }
}
