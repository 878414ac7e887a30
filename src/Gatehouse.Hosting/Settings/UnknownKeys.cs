using Gatehouse.Hosting.Settings.Toml;

namespace Gatehouse.Hosting.Settings;

/// <summary>Keys of a configuration file that nothing reads: a warning each, with the place that was probably meant.</summary>
internal static class UnknownKeys
{
    /// <summary>More warnings than this say only that it is the wrong file.</summary>
    private const int MaxWarnings = 20;

    public static void Warn(TomlTable table, string file, IReadOnlyList<SettingSpec> settings, ProblemList problems)
    {
        var places = settings.SelectMany(setting => TomlPlaces.Of(setting).Select(place => (setting, place))).ToList();
        var known = places.Select(entry => TomlPlaces.Key(entry.place)).ToHashSet(StringComparer.Ordinal);
        var unknown = Leaves(table, [], known).ToList();
        foreach (var (path, position) in unknown.Take(MaxWarnings))
        {
            var shown = TomlPlaces.Show(path);
            problems.Warn(shown, $"unknown key {shown} in line {position.Line} of {file} has no effect", Hint(path, places));
        }
        if (unknown.Count > MaxWarnings)
            problems.Warn(file, $"{unknown.Count - MaxWarnings} more unknown keys in {file}");
    }

    /// <summary>All unread values; a table that is unknown as a whole shows through its keys.</summary>
    private static IEnumerable<(string[] Path, TomlPosition Position)> Leaves(TomlTable table, string[] above, HashSet<string> known)
    {
        foreach (var (key, value) in table)
        {
            string[] path = [.. above, key];
            if (known.Contains(TomlPlaces.Key(path)) && !(value is TomlTable && IsPrefix(path, known)))
                continue;
            if (value is TomlTable inner)
            {
                foreach (var leaf in Leaves(inner, path, known))
                    yield return leaf;
            }
            else
            {
                yield return (path, table.KeyPosition(key));
            }
        }
    }

    private static bool IsPrefix(string[] path, HashSet<string> known)
    {
        var prefix = TomlPlaces.Key(path) + ".";
        return known.Any(place => place.StartsWith(prefix, StringComparison.Ordinal));
    }

    private static string? Hint(string[] path, List<(SettingSpec Setting, string[] Place)> places)
    {
        var given = Plain(path);
        // [lock] failed-attempts-count: right words, but dashes where the rule wants dots.
        if (places.FirstOrDefault(entry => Plain(entry.Place) == given).Setting is { } sameWords)
            return $"did you mean \"{TomlPlaces.Show(TomlPlaces.Preferred(sameWords))}\"?";
        // timeout below [teleport]: a line that slipped under a table.
        if (path.Length > 1 && places.FirstOrDefault(entry => entry.Place.Length == 1 && entry.Place[0] == path[^1]).Setting is { } slipped)
            return $"\"{slipped.Name}\" belongs at the top of the file, before the first [table]";
        var near = Suggestion.Near(given, [.. places.Select(entry => Plain(entry.Place)).Distinct(StringComparer.Ordinal)]);
        if (near.Count == 0)
            return null;
        var nearest = near.MinBy(name => Suggestion.Distance(name, given))!;
        return $"did you mean \"{TomlPlaces.Show(TomlPlaces.Preferred(places.First(entry => Plain(entry.Place) == nearest).Setting))}\"?";
    }

    private static string Plain(string[] path) => TomlPlaces.Key(path).Replace('.', '-').Replace('_', '-').ToLowerInvariant();
}
