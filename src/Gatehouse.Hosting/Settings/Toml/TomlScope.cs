namespace Gatehouse.Hosting.Settings.Toml;

/// <summary>
/// Which table an expression writes to, and whether it may. A table remembers how it came to be: named by a header, only passed through
/// by a longer header, made by a dotted key, or an element of an array of tables. Each may be opened again in its own ways only.
/// </summary>
internal sealed class TomlScope
{
    internal enum TableOrigin
    {
        /// <summary>Passed through by a header; may still be named by one.</summary>
        Implied,

        /// <summary>Named by a header, or an element of an array of tables.</summary>
        Named,

        /// <summary>Made by a dotted key; headers may only pass through.</summary>
        Dotted,
    }

    private readonly TomlParser _parser;
    private readonly Node _root;

    public TomlScope(TomlParser parser, TomlPosition? position = null)
    {
        _parser = parser;
        _root = new Node(new TomlTable(position ?? new TomlPosition(1, 1)), TableOrigin.Named);
        Current = _root;
    }

    public TomlTable Root => _root.Table;

    /// <summary>The table that key/value lines go to.</summary>
    public Node Current { get; private set; }

    /// <summary><c>[a.b.c]</c></summary>
    public void OpenTable(List<TomlKeyPart> key)
    {
        var parent = Pass(key);
        var last = key[^1];
        if (parent.Tables.TryGetValue(last.Name, out var existing) && existing.Origin == TableOrigin.Implied)
        {
            existing.Origin = TableOrigin.Named;
            Current = existing;
            return;
        }
        if (parent.Table.TryGet(last.Name, out _))
            throw Twice(key);
        Current = AddTable(parent, last, TableOrigin.Named);
    }

    /// <summary><c>[[a.b.c]]</c></summary>
    public void OpenArrayTable(List<TomlKeyPart> key)
    {
        var parent = Pass(key);
        var last = key[^1];
        if (!parent.Arrays.TryGetValue(last.Name, out var items))
        {
            if (parent.Table.TryGet(last.Name, out _))
                throw Twice(key);
            items = [];
            parent.Table.Add(last.Name, _parser.PositionOf(last.Offset), new TomlArray(_parser.PositionOf(last.Offset), items));
            parent.Arrays.Add(last.Name, items);
        }
        var element = new Node(new TomlTable(_parser.PositionOf(last.Offset)), TableOrigin.Named);
        items.Add(element.Table);
        parent.Tables[last.Name] = element;
        Current = element;
    }

    /// <summary>The place for the value of <c>a.b.c = …</c> below <paramref name="target"/>.</summary>
    public Slot Claim(Node target, List<TomlKeyPart> key)
    {
        foreach (var part in key.Take(key.Count - 1))
        {
            if (!target.Table.TryGet(part.Name, out _))
                target = AddTable(target, part, TableOrigin.Dotted);
            else if (target.Tables.TryGetValue(part.Name, out var existing) && existing.Origin != TableOrigin.Named)
                (target, existing.Origin) = (existing, TableOrigin.Dotted);
            else
                throw _parser.Fail(part.Offset, $"{part.Name} is defined elsewhere and cannot be added to by a dotted key");
        }
        var last = key[^1];
        if (target.Table.TryGet(last.Name, out _))
            throw Twice(key);
        return new Slot(target.Table, last.Name, _parser.PositionOf(last.Offset));
    }

    /// <summary>Walks all parts of a header but the last; an array of tables means its newest element.</summary>
    private Node Pass(List<TomlKeyPart> key)
    {
        var node = _root;
        foreach (var part in key.Take(key.Count - 1))
        {
            if (node.Tables.TryGetValue(part.Name, out var next))
                node = next;
            else if (node.Table.TryGet(part.Name, out var value))
                throw _parser.Fail(part.Offset, $"{part.Name} is {(value is TomlTable ? "an inline table" : $"of type {value.Kind}")}: nothing can be added to it");
            else
                node = AddTable(node, part, TableOrigin.Implied);
        }
        return node;
    }

    private Node AddTable(Node parent, TomlKeyPart part, TableOrigin origin)
    {
        var node = new Node(new TomlTable(_parser.PositionOf(part.Offset)), origin);
        parent.Table.Add(part.Name, _parser.PositionOf(part.Offset), node.Table);
        parent.Tables.Add(part.Name, node);
        return node;
    }

    private TomlSyntaxException Twice(List<TomlKeyPart> key) =>
        _parser.Fail(key[0].Offset, $"The following key was defined twice: {string.Join('.', key.Select(part => part.Name))}");

    /// <summary>An open table: what an inline table or a plain value never becomes.</summary>
    internal sealed class Node
    {
        internal Node(TomlTable table, TableOrigin origin)
        {
            Table = table;
            Origin = origin;
        }

        internal TomlTable Table { get; }

        internal TableOrigin Origin { get; set; }

        internal Dictionary<string, Node> Tables { get; } = new(StringComparer.Ordinal);

        internal Dictionary<string, List<TomlValue>> Arrays { get; } = new(StringComparer.Ordinal);
    }

    internal readonly record struct Slot(TomlTable Table, string Name, TomlPosition Position)
    {
        public void Set(TomlValue value) => Table.Add(Name, Position, value);
    }
}
