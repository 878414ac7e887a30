using System.Globalization;
using System.Text;

namespace Gatehouse.Hosting.Settings.Toml;

/// <summary>Text as TOML writes it.</summary>
public static class TomlText
{
    /// <summary>A basic string, with its quotes; YAML's double-quoted form has the same escapes.</summary>
    public static string Quote(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var letter in text)
        {
            if (letter is '"' or '\\')
                result.Append('\\').Append(letter);
            else if (char.IsControl(letter))
                result.Append(CultureInfo.InvariantCulture, $"\\u{(int)letter:x4}");
            else
                result.Append(letter);
        }
        return result.Append('"').ToString();
    }
}
