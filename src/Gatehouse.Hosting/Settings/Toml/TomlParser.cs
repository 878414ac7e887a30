namespace Gatehouse.Hosting.Settings.Toml;

/// <summary>
/// Reads a document in one pass: expressions line by line here, the rules about which table may be defined how often in
/// <see cref="TomlScope"/>, strings in <c>TomlParser.Strings.cs</c>, numbers and dates in <c>TomlParser.Scalars.cs</c>.
/// </summary>
internal sealed partial class TomlParser(string text)
{
    private readonly LineIndex _lines = new(text);
    private int _at;
    private int _depth;

    public TomlTable Parse()
    {
        var scope = new TomlScope(this);
        while (true)
        {
            SkipBlank();
            if (_at == text.Length)
                return scope.Root;
            if (Peek() == '[')
                ReadHeader(scope);
            else
                ReadKeyValue(scope, scope.Current);
            ReadLineEnd();
        }
    }

    public TomlSyntaxException Fail(int offset, string reason) => new(new TomlError(_lines.PositionOf(offset), reason));

    public TomlPosition PositionOf(int offset) => _lines.PositionOf(offset);

    private void ReadHeader(TomlScope scope)
    {
        var opening = _at++;
        var isArray = Take('[');
        SkipSpaces();
        if (_at == text.Length || Peek() is '\n' or '\r')
            throw Fail(opening + 1, "unexpected token unclosed table key, was expecting a table key");
        var key = ReadKey();
        if (_at == text.Length || Peek() is '\n' or '\r')
            throw Fail(opening + 1, "unexpected token unclosed table key, was expecting a table key");
        if (!Take(']') || (isArray && !Take(']')))
            throw Fail(_at, $"expected {(isArray ? "]]" : "]")} after the table key but got {Shown()}");
        if (isArray)
            scope.OpenArrayTable(key);
        else
            scope.OpenTable(key);
    }

    private void ReadKeyValue(TomlScope scope, TomlScope.Node target)
    {
        var key = ReadKey();
        if (!Take('='))
        {
            var got = Peek() is '"' or '\'' ? Quote(RestOfToken()) : Shown();
            throw Fail(_at, $"was expecting token =, but got {got} instead");
        }
        SkipSpaces();
        // The slot is claimed first, so that a key written twice is found at the key and not behind its value.
        var slot = scope.Claim(target, key);
        Descend(key.Count - 1);
        slot.Set(ReadValue());
        _depth -= key.Count - 1;
    }

    /// <summary>A key with all its parts; ends before the first character that is not part of it.</summary>
    private List<TomlKeyPart> ReadKey()
    {
        var parts = new List<TomlKeyPart>();
        do
        {
            SkipSpaces();
            var start = _at;
            parts.Add(new TomlKeyPart(ReadKeyPart(), start));
            if (parts.Count > TomlDocument.MaxDepth)
                throw Fail(start, $"a key of more than {TomlDocument.MaxDepth} parts");
            SkipSpaces();
        }
        while (Take('.'));
        return parts;
    }

    private string ReadKeyPart()
    {
        var start = _at;
        switch (Peek())
        {
            case '"':
                if (Ahead("\"\"\""))
                    throw Fail(start, "a multi-line string cannot be a key");
                return ReadBasicString();
            case '\'':
                if (Ahead("'''"))
                    throw Fail(start, "a multi-line string cannot be a key");
                return ReadLiteralString();
        }
        while (_at < text.Length && text[_at] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') or (>= '0' and <= '9') or '-' or '_')
            _at++;
        if (_at == start)
            throw Fail(start, $"expected a key but got {Shown()}");
        return text[start.._at];
    }

    private TomlValue ReadValue()
    {
        var start = _at;
        var position = PositionOf(start);
        if (_at == text.Length)
            throw Fail(start, "expecting a value");
        switch (Peek())
        {
            case '"':
                return new TomlString(position, Ahead("\"\"\"") ? ReadMultiLine('"') : ReadBasicString());
            case '\'':
                return new TomlString(position, Ahead("'''") ? ReadMultiLine('\'') : ReadLiteralString());
            case '[':
                return ReadArray(position);
            case '{':
                return ReadInlineTable(position);
            default:
                return ReadScalar(position);
        }
    }

    private TomlArray ReadArray(TomlPosition position)
    {
        Descend();
        var items = new List<TomlValue>();
        _at++;
        while (true)
        {
            SkipBlank();
            if (Take(']'))
                break;
            items.Add(ReadValue());
            SkipBlank();
            if (Take(','))
                continue;
            if (!Take(']'))
                throw Fail(_at, $"expected , or ] in an array but got {Shown()}");
            break;
        }
        _depth--;
        return new TomlArray(position, items);
    }

    private TomlTable ReadInlineTable(TomlPosition position)
    {
        Descend();
        var scope = new TomlScope(this, position);
        _at++;
        SkipSpaces();
        if (!Take('}'))
        {
            do
            {
                SkipSpaces();
                ReadKeyValue(scope, scope.Current);
                SkipSpaces();
            }
            while (Take(','));
            if (!Take('}'))
                throw Fail(_at, $"expected , or }} in an inline table but got {Shown()}");
        }
        _depth--;
        return scope.Root;
    }

    private void Descend(int levels = 1)
    {
        if ((_depth += levels) > TomlDocument.MaxDepth)
            throw Fail(_at, $"nested more than {TomlDocument.MaxDepth} deep");
    }

    /// <summary>White space, newlines and comments.</summary>
    private void SkipBlank()
    {
        while (true)
        {
            SkipSpaces();
            if (Peek() == '#')
                SkipComment();
            if (!TakeNewline())
                return;
        }
    }

    private void SkipSpaces()
    {
        while (_at < text.Length && text[_at] is ' ' or '\t')
            _at++;
    }

    private void SkipComment()
    {
        while (_at < text.Length && text[_at] != '\n' && !Ahead("\r\n"))
        {
            if (IsControl(text[_at]))
                throw Fail(_at, $"control character U+{(int)text[_at]:X4} in a comment");
            _at++;
        }
    }

    private void ReadLineEnd()
    {
        SkipSpaces();
        if (Peek() == '#')
            SkipComment();
        if (_at < text.Length && !TakeNewline())
            throw Fail(_at, $"expected the end of the line but got {Shown()}");
    }

    private bool TakeNewline()
    {
        if (Take('\n'))
            return true;
        if (!Ahead("\r\n"))
            return false;
        _at += 2;
        return true;
    }

    private char Peek() => _at < text.Length ? text[_at] : '\0';

    private bool Ahead(string expected) => string.CompareOrdinal(text, _at, expected, 0, expected.Length) == 0;

    private bool Take(char expected)
    {
        if (_at == text.Length || text[_at] != expected)
            return false;
        _at++;
        return true;
    }

    private static bool IsControl(char c) => c is (< ' ' and not '\t') or '\u007f';

    /// <summary>The character that should not be here, in words.</summary>
    private string Shown() => _at == text.Length ? "the end of the text" : text[_at] switch
    {
        '\n' or '\r' => "the end of the line",
        var c when IsControl(c) => $"control character U+{(int)c:X4}",
        _ => Quote(RestOfToken()),
    };

    private string RestOfToken()
    {
        var end = _at;
        while (end < text.Length && end - _at < 40 && text[end] is not (' ' or '\t' or '\r' or '\n'))
            end++;
        if (end < text.Length && char.IsLowSurrogate(text[end]))
            end++;
        return text[_at..end];
    }

    private static string Quote(string token) => '"' + token.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal) + '"';
}

/// <param name="Offset">Where this part of the key begins.</param>
internal readonly record struct TomlKeyPart(string Name, int Offset);
