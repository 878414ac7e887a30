using System.Globalization;
using System.Text;

namespace Gatehouse.Hosting.Settings.Toml;

internal sealed partial class TomlParser
{
    /// <summary><c>"…"</c> on one line, with escapes.</summary>
    private string ReadBasicString()
    {
        var opening = _at++;
        var value = new StringBuilder();
        while (true)
        {
            if (_at == text.Length || text[_at] is '\n' or '\r')
                throw Fail(opening, "unclosed string");
            var c = text[_at];
            if (c == '"')
            {
                _at++;
                return value.ToString();
            }
            if (c == '\\')
                ReadEscape(value);
            else
                AppendPlain(value);
        }
    }

    /// <summary><c>'…'</c> on one line, as it stands.</summary>
    private string ReadLiteralString()
    {
        var opening = _at++;
        var value = new StringBuilder();
        while (true)
        {
            if (_at == text.Length || text[_at] is '\n' or '\r')
                throw Fail(opening, "unclosed string");
            if (Take('\''))
                return value.ToString();
            AppendPlain(value);
        }
    }

    /// <summary>Three quotes; a newline right behind them is not part of the value, and up to two quotes may stand before the closing three.</summary>
    private string ReadMultiLine(char quote)
    {
        var opening = _at;
        _at += 3;
        TakeNewline();
        var value = new StringBuilder();
        while (true)
        {
            if (_at == text.Length)
                throw Fail(opening, "unclosed multi-line string");
            if (text[_at] == quote)
            {
                var count = 0;
                while (count < 5 && Take(quote))
                    count++;
                if (count >= 3)
                    return value.Append(quote, count - 3).ToString();
                value.Append(quote, count);
            }
            else if (text[_at] == '\\' && quote == '"')
            {
                if (!SkipFoldedLines())
                    ReadEscape(value);
            }
            else if (TakeNewline())
            {
                value.Append('\n');
            }
            else
            {
                AppendPlain(value);
            }
        }
    }

    /// <summary>A backslash at the end of a line eats it and all white space up to the next visible character.</summary>
    private bool SkipFoldedLines()
    {
        var backslash = _at++;
        SkipSpaces();
        if (!TakeNewline())
        {
            _at = backslash;
            return false;
        }
        do
        {
            SkipSpaces();
        }
        while (TakeNewline());
        return true;
    }

    private void ReadEscape(StringBuilder value)
    {
        var backslash = _at++;
        var c = Peek();
        _at = Math.Min(_at + 1, text.Length);
        switch (c)
        {
            case 'b': value.Append('\b'); break;
            case 't': value.Append('\t'); break;
            case 'n': value.Append('\n'); break;
            case 'f': value.Append('\f'); break;
            case 'r': value.Append('\r'); break;
            case '"': value.Append('"'); break;
            case '\\': value.Append('\\'); break;
            case 'u': AppendScalar(value, backslash, 4); break;
            case 'U': AppendScalar(value, backslash, 8); break;
            default: throw Fail(backslash, "invalid escape sequence; a backslash in \"…\" is written \\\\, or the text is put in '…'");
        }
    }

    private void AppendScalar(StringBuilder value, int backslash, int digits)
    {
        if (text.Length - _at < digits
            || !uint.TryParse(text.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            || !Rune.IsValid(code))
            throw Fail(backslash, $"expected {digits} hexadecimal digits of a Unicode character");
        _at += digits;
        value.Append(new Rune(code).ToString());
    }

    private void AppendPlain(StringBuilder value)
    {
        if (IsControl(text[_at]))
            throw Fail(_at, $"control character U+{(int)text[_at]:X4} in a string");
        value.Append(text[_at++]);
    }
}
