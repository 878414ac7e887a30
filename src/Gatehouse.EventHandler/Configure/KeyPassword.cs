using System.Security.Cryptography;
using System.Text;

namespace Gatehouse.EventHandler.Configure;

/// <summary>The password that protects the server's key and stands in fluent.conf.</summary>
internal sealed class KeyPassword
{
    private KeyPassword(string text) => Text = text;

    /// <summary>Empty for a key that is not encrypted.</summary>
    public string Text { get; }

    public byte[] Bytes => Encoding.UTF8.GetBytes(Text);

    /// <summary>32 random bytes in hex, as upstream makes them.</summary>
    public static KeyPassword Random() => new(Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)));

    /// <returns>The password, or why it cannot stand in fluent.conf. The text never shows the password.</returns>
    public static (KeyPassword? Password, string? Problem) From(byte[] bytes)
    {
        if (bytes.Length > StandardInputPassword.MaxBytes)
            return (null, $"the password on standard input is longer than {StandardInputPassword.MaxBytes} bytes");
        string text;
        try
        {
            text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return (null, "the password on standard input is not UTF-8 text");
        }
        if (text.EndsWith('\n'))
            return (null, "the password on standard input ends with a line break, which would be part of it; pipe it without one, as printf %s does");
        return text.Any(char.IsControl)
            ? (null, "the password on standard input holds a line break or another control character, which fluent.conf cannot carry")
            : (new KeyPassword(text), null);
    }
}
