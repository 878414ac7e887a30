using System.Security.Cryptography.X509Certificates;

namespace Gatehouse.Api.Credentials;

/// <summary>One PEM block as read: its label, and its text from BEGIN to END with trimmed lines.</summary>
/// <param name="Encrypted">Has RFC 1423 headers or the label of an encrypted key.</param>
internal sealed record PemBlock(string Label, string Text, bool Encrypted);

/// <summary>Reads PEM blocks line by line; white space around lines, CRLF and a byte order mark do not matter (teleport-wire 1.1).</summary>
internal static class Pem
{
    private const string Begin = "-----BEGIN";
    private const string End = "-----END";

    /// <exception cref="CredentialException">The text ends inside a block, as a half-written file does.</exception>
    public static List<PemBlock> Read(string text)
    {
        var blocks = new List<PemBlock>();
        List<string>? open = null;
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim().Trim('\uFEFF').ToString();
            if (open is null)
            {
                if (line.StartsWith(Begin, StringComparison.Ordinal))
                    open = [line];
            }
            else
            {
                open.Add(line);
                if (!line.StartsWith(End, StringComparison.Ordinal))
                    continue;
                blocks.Add(Close(open));
                open = null;
            }
        }
        return open is null ? blocks : throw new CredentialException("invalid PEM block (fragment): the file ends inside it");
    }

    public static X509Certificate2 Certificate(PemBlock block)
    {
        if (block.Label != "CERTIFICATE")
            throw new CredentialException($"expected a CERTIFICATE but found \"{block.Label}\"");
        try
        {
            return X509Certificate2.CreateFromPem(block.Text);
        }
        catch (Exception e) when (e is ArgumentException or System.Security.Cryptography.CryptographicException)
        {
            throw new CredentialException("a CERTIFICATE block cannot be decoded", e);
        }
    }

    private static PemBlock Close(List<string> lines)
    {
        var label = lines[0][Begin.Length..].TrimEnd('-').Trim();
        if (lines[^1][End.Length..].TrimEnd('-').Trim() != label)
            throw new CredentialException($"invalid PEM block (fragment): \"{label}\" has the end of another block");
        var encrypted = label == "ENCRYPTED PRIVATE KEY" || lines.Exists(line => line.StartsWith("Proc-Type:", StringComparison.Ordinal));
        return new PemBlock(label, string.Join('\n', lines), encrypted);
    }
}
