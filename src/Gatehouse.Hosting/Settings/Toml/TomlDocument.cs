using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Gatehouse.Hosting.Settings.Toml;

/// <summary>
/// A TOML 1.0 document (https://toml.io/en/v1.0.0). A byte order mark is skipped; nesting deeper than <see cref="MaxDepth"/> and texts
/// longer than <see cref="MaxBytes"/> are refused, so that a hostile file can neither exhaust the stack nor the memory.
/// </summary>
public static class TomlDocument
{
    /// <summary>Arrays in arrays, tables in tables, parts of a key. Real settings need five.</summary>
    public const int MaxDepth = 100;

    /// <summary>Settings are a few kilobytes; a thousand times that is somebody's log file given by mistake.</summary>
    public const int MaxBytes = 8 * 1024 * 1024;

    /// <summary>The table tree of a text, or where and why it is not TOML.</summary>
    public static bool TryParse(ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out TomlTable? table, [NotNullWhen(false)] out TomlError? error)
    {
        table = null;
        error = null;
        if (utf8.Length > MaxBytes)
        {
            error = new TomlError(new TomlPosition(1, 1), $"the text has {utf8.Length} bytes, more than {MaxBytes}");
            return false;
        }
        if (utf8.StartsWith("\uFEFF"u8))
            utf8 = utf8[3..];
        var text = Encoding.UTF8.GetString(utf8);
        if (FirstInvalidByte(utf8) is { } invalid)
        {
            var before = Encoding.UTF8.GetString(utf8[..invalid]);
            error = new TomlError(new LineIndex(before).PositionOf(before.Length), "invalid UTF-8");
            return false;
        }
        try
        {
            table = new TomlParser(text).Parse();
            return true;
        }
        catch (TomlSyntaxException failure)
        {
            error = failure.Error;
            return false;
        }
    }

    private static int? FirstInvalidByte(ReadOnlySpan<byte> utf8)
    {
        var at = 0;
        while (at < utf8.Length)
        {
            if (Rune.DecodeFromUtf8(utf8[at..], out _, out var length) != System.Buffers.OperationStatus.Done)
                return at;
            at += length;
        }
        return null;
    }
}

/// <summary>Unwinds the parser; never leaves <see cref="TomlDocument"/>.</summary>
[SuppressMessage("Design", "CA1064:Exceptions should be public", Justification = "never crosses the face of the parser")]
internal sealed class TomlSyntaxException(TomlError error) : Exception(error.ToString())
{
    public TomlError Error { get; } = error;
}

/// <summary>From an offset in the text to line and column.</summary>
internal sealed class LineIndex
{
    private readonly string _text;
    private readonly List<int> _starts = [0];

    public LineIndex(string text)
    {
        _text = text;
        for (var at = text.IndexOf('\n', StringComparison.Ordinal); at >= 0; at = text.IndexOf('\n', at + 1))
            _starts.Add(at + 1);
    }

    public TomlPosition PositionOf(int offset)
    {
        var line = _starts.BinarySearch(offset);
        if (line < 0)
            line = ~line - 1;
        var column = 1;
        foreach (var _ in _text.AsSpan(_starts[line], offset - _starts[line]).EnumerateRunes())
            column++;
        return new TomlPosition(line + 1, column);
    }
}
