namespace Gatehouse.Hosting.Tls;

/// <summary>
/// One <c>-----BEGIN x-----</c> block. Unlike the framework's reader this one keeps the header lines of RFC 1423
/// (<c>Proc-Type</c>, <c>DEK-Info</c>), without which an encrypted key of OpenSSL's old form cannot be opened.
/// </summary>
internal sealed record PemBlock(string Label, IReadOnlyDictionary<string, string> Headers, byte[] Der)
{
    private const string Begin = "-----BEGIN ";
    private const string End = "-----END ";
    private const string Dashes = "-----";

    /// <summary>All blocks in order; text around them is skipped, as everybody's reader does.</summary>
    /// <exception cref="FormatException">A block does not end, or is not base64.</exception>
    public static List<PemBlock> ReadAll(string text)
    {
        var blocks = new List<PemBlock>();
        string? label = null;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var base64 = new System.Text.StringBuilder();
        foreach (var raw in text.AsSpan().EnumerateLines())
        {
            var line = raw.Trim();
            if (label is null)
            {
                if (line.StartsWith(Begin, StringComparison.Ordinal) && line.EndsWith(Dashes, StringComparison.Ordinal))
                    label = line[Begin.Length..^Dashes.Length].ToString();
            }
            else if (line.StartsWith(End, StringComparison.Ordinal))
            {
                blocks.Add(new PemBlock(label, headers, Convert.FromBase64String(base64.ToString())));
                label = null;
                headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
                base64.Clear();
            }
            else if (line.IndexOf(':') is var colon and > 0)
            {
                headers[line[..colon].ToString()] = line[(colon + 1)..].Trim().ToString();
            }
            else
            {
                base64.Append(line);
            }
        }
        return label is null ? blocks : throw new FormatException($"the block {label} has no end line");
    }
}
