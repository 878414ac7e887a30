using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Hosting.Settings;

/// <summary>
/// A command line taken apart after the rules of the field's parser (kong): flags and arguments in any order, <c>--flag value</c>,
/// <c>--flag=value</c>, <c>-f value</c>, <c>-fvalue</c>, bare switches together as <c>-dv</c>, <c>--</c> ends the flags. As its guides write it,
/// and unlike that parser, <c>--switch true</c> works too.
/// </summary>
internal sealed class CommandLine
{
    private readonly List<CommandSpec> _path;
    private readonly Queue<string> _rest;
    private readonly Dictionary<string, List<string?>> _given = new(StringComparer.Ordinal);
    private int _arguments;

    private CommandLine(CommandSpec root, IEnumerable<string> args)
    {
        _path = [root];
        _rest = new Queue<string>(args);
    }

    /// <summary>From the root to the command reached; as far as it came, when there is an error.</summary>
    public IReadOnlyList<CommandSpec> Path => _path;

    public CommandSpec Command => _path[^1];

    public bool HelpWanted { get; private set; }

    /// <summary>Why this is not a command line of this program; null when it is.</summary>
    public string? Error { get; private set; }

    /// <summary>All flags that may stand here: those of the program first.</summary>
    public IEnumerable<SettingSpec> Settings => _path.SelectMany(command => command.Settings);

    public static CommandLine Parse(CommandSpec root, IEnumerable<string> args)
    {
        var line = new CommandLine(root, args);
        line.Error = line.Read();
        if (line.Error is not null && !line.HelpWanted)
            line.HelpWanted = line._rest.Contains("--help") || line._rest.Contains("-h");
        return line;
    }

    /// <summary>What was written for a setting, in order; a bare switch is null.</summary>
    public bool TryGet(SettingSpec setting, [NotNullWhen(true)] out IReadOnlyList<string?>? texts)
    {
        var found = _given.TryGetValue(setting.Name, out var list);
        texts = list;
        return found;
    }

    private string? Read()
    {
        var flagsEnded = false;
        while (_rest.TryDequeue(out var token))
        {
            string? error = null;
            if (flagsEnded || token == "-" || !token.StartsWith('-'))
                error = ReadArgument(token);
            else if (token == "--")
                flagsEnded = true;
            else if (token.StartsWith("--", StringComparison.Ordinal))
                error = ReadLongFlag(token);
            else
                error = ReadShortFlags(token);
            if (error is not null)
                return error;
        }
        return HelpWanted ? null : Missing();
    }

    private string? ReadArgument(string token)
    {
        if (_arguments < Command.Arguments.Count)
        {
            var argument = Command.Arguments[_arguments];
            Add(argument, token);
            if (!argument.TakesRest)
                _arguments++;
            return null;
        }
        if (Command.Commands.FirstOrDefault(command => command.Name == token) is { } child)
        {
            _path.Add(child);
            return null;
        }
        return Suggestion.Append($"unexpected argument {token}", token, [.. Command.Commands.Select(command => command.Name)]);
    }

    private string? ReadLongFlag(string token)
    {
        var equals = token.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? token : token[..equals];
        if (name == "--help")
        {
            HelpWanted = true;
            return null;
        }
        var setting = Settings.FirstOrDefault(candidate => candidate.OnCommandLine && candidate.Shown == name);
        if (setting is null)
            return Unknown(name);
        if (equals >= 0)
        {
            Add(setting, token[(equals + 1)..]);
            return null;
        }
        return ReadValueOf(setting);
    }

    private string? ReadShortFlags(string token)
    {
        for (var i = 1; i < token.Length; i++)
        {
            if (token[i] == 'h')
            {
                HelpWanted = true;
                continue;
            }
            var setting = Settings.FirstOrDefault(candidate => candidate.Letter == token[i]);
            if (setting is null)
                return Unknown($"-{token[i]}");
            if (setting.Type == SettingType.Switch && i + 1 < token.Length && token[i + 1] != '=')
            {
                Add(setting, null);
                continue;
            }
            if (i + 1 == token.Length)
                return ReadValueOf(setting);
            Add(setting, token[(i + 1)..].TrimStart('='));
            return null;
        }
        return null;
    }

    private string? ReadValueOf(SettingSpec setting)
    {
        var hasNext = _rest.TryPeek(out var next);
        if (setting.Type == SettingType.Switch)
        {
            Add(setting, hasNext && IsSwitchValue(next!) ? _rest.Dequeue() : null);
            return null;
        }
        if (!hasNext)
            return $"{setting.Shown}: expected {setting.TypeWord} value but the command line ends here";
        if (next!.StartsWith('-') && next != "-")
        {
            var kind = next.StartsWith("--", StringComparison.Ordinal) ? "long flag" : "short flag";
            return $"{setting.Shown}: expected {setting.TypeWord} value but got \"{next}\" ({kind}); perhaps try {setting.Shown}=\"{next}\"?";
        }
        Add(setting, _rest.Dequeue());
        return null;
    }

    /// <summary>
    /// Guides write <c>--teleport-refresh-enabled true</c>. The word is the switch's, not an argument, except that where arguments are
    /// expected only the two plain words count: <c>1</c> and <c>no</c> could be a name.
    /// </summary>
    private bool IsSwitchValue(string next) =>
        next is "true" or "false" || (Command.Arguments.Count == 0 && SettingText.Switch(next) is not null);

    private void Add(SettingSpec setting, string? text)
    {
        if (!_given.TryGetValue(setting.Name, out var list))
            _given.Add(setting.Name, list = []);
        list.Add(text);
    }

    private string Unknown(string flag)
    {
        var names = new List<string> { "-h", "--help" };
        foreach (var setting in Settings.Where(setting => setting.OnCommandLine))
        {
            if (setting.Letter is { } letter)
                names.Add($"-{letter}");
            names.Add(setting.Shown);
        }
        return Suggestion.Append($"unknown flag {flag}", flag, names);
    }

    private string? Missing()
    {
        var arguments = Command.Arguments.Where(argument => argument.Required && !_given.ContainsKey(argument.Name)).ToList();
        if (arguments.Count > 0)
            return $"expected \"{string.Join(' ', arguments.Select(HelpText.ArgumentSummary))}\"";
        if (Command.Run is not null)
            return null;
        var names = Command.Commands.Select(command => $"\"{command.Name}\"").ToList();
        return names.Count == 1 ? $"expected {names[0]}" : $"expected one of {string.Join(",  ", names)}";
    }
}
