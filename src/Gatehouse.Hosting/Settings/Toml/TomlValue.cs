using System.Collections;
using System.Diagnostics.CodeAnalysis;

namespace Gatehouse.Hosting.Settings.Toml;

/// <summary>A place in a TOML text; both count from 1, columns in Unicode code points.</summary>
public readonly record struct TomlPosition(int Line, int Column)
{
    public override string ToString() => $"({Line}, {Column})";
}

/// <summary>Why a text is not TOML 1.0. The text form is the one the field knows: <c>(line, column): reason</c>.</summary>
public sealed record TomlError(TomlPosition Position, string Reason)
{
    public override string ToString() => $"{Position}: {Reason}";
}

/// <summary>One of the eight kinds of value a TOML document is made of.</summary>
public abstract record TomlValue(TomlPosition Position)
{
    /// <summary>The kind in the words of error texts.</summary>
    public abstract string Kind { get; }
}

public sealed record TomlString(TomlPosition Position, string Value) : TomlValue(Position)
{
    public override string Kind => "string";
}

public sealed record TomlInteger(TomlPosition Position, long Value) : TomlValue(Position)
{
    public override string Kind => "integer";
}

/// <param name="Text">As written, for messages.</param>
public sealed record TomlFloat(TomlPosition Position, double Value, string Text) : TomlValue(Position)
{
    public override string Kind => "float";
}

public sealed record TomlBoolean(TomlPosition Position, bool Value) : TomlValue(Position)
{
    public override string Kind => "boolean";
}

/// <summary>Any of the four date and time kinds: a part that the text does not have is null. Fractions beyond 100 ns are cut.</summary>
public sealed record TomlDateTime(TomlPosition Position, DateOnly? Date, TimeOnly? Time, TimeSpan? Offset, string Text) : TomlValue(Position)
{
    public override string Kind => (Date, Time, Offset) switch
    {
        (_, _, not null) => "date-time",
        (not null, not null, null) => "local date-time",
        (not null, null, _) => "local date",
        _ => "local time",
    };

    /// <summary>The instant, when the text says one.</summary>
    public DateTimeOffset? Instant =>
        Date is { } date && Time is { } time && Offset is { } offset ? new DateTimeOffset(date.ToDateTime(time), offset) : null;
}

public sealed record TomlArray(TomlPosition Position, IReadOnlyList<TomlValue> Items) : TomlValue(Position)
{
    public override string Kind => "array";
}

/// <summary>A table: keys in the order of the text, each with the place where it was written.</summary>
public sealed record TomlTable(TomlPosition Position) : TomlValue(Position), IEnumerable<KeyValuePair<string, TomlValue>>
{
    private readonly List<string> _order = [];
    private readonly Dictionary<string, (TomlValue Value, TomlPosition Key)> _entries = new(StringComparer.Ordinal);

    public override string Kind => "table";

    public int Count => _order.Count;

    public bool TryGet(string key, [NotNullWhen(true)] out TomlValue? value)
    {
        var found = _entries.TryGetValue(key, out var entry);
        value = found ? entry.Value : null;
        return found;
    }

    /// <summary>Follows keys through nested tables; null when any of them is missing or not a table.</summary>
    public TomlValue? Find(params ReadOnlySpan<string> path)
    {
        TomlValue current = this;
        foreach (var key in path)
        {
            if (current is not TomlTable table || !table.TryGet(key, out var next))
                return null;
            current = next;
        }
        return current;
    }

    /// <summary>Where the key was written first.</summary>
    public TomlPosition KeyPosition(string key) => _entries[key].Key;

    public IEnumerator<KeyValuePair<string, TomlValue>> GetEnumerator() =>
        _order.Select(key => KeyValuePair.Create(key, _entries[key].Value)).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal void Add(string key, TomlPosition position, TomlValue value)
    {
        _entries.Add(key, (value, position));
        _order.Add(key);
    }
}
