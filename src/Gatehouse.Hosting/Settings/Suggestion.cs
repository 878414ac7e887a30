namespace Gatehouse.Hosting.Settings;

/// <summary>Names a user may have meant.</summary>
internal static class Suggestion
{
    /// <summary>Appends <c>, did you mean …?</c> in the words of the field's parser, when a name is near.</summary>
    public static string Append(string text, string given, IReadOnlyList<string> names)
    {
        var near = Near(given, names);
        return near.Count switch
        {
            0 => text,
            1 => $"{text}, did you mean \"{near[0]}\"?",
            _ => $"{text}, did you mean one of {string.Join(", ", near.Select(name => $"\"{name}\""))}?",
        };
    }

    /// <summary>Names that begin with what was given or differ in at most two places; failing those the one nearest, when a third or less of it differs.</summary>
    public static IReadOnlyList<string> Near(string given, IReadOnlyList<string> names)
    {
        var close = names.Where(name => name.StartsWith(given, StringComparison.Ordinal) || Distance(name, given) <= 2).ToList();
        if (close.Count > 0 || names.Count == 0)
            return close;
        var nearest = names.MinBy(name => Distance(name, given))!;
        return Distance(nearest, given) <= given.Length / 3 ? [nearest] : [];
    }

    /// <summary>Levenshtein's distance: insertions, deletions and replacements.</summary>
    internal static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.Length];
    }
}
