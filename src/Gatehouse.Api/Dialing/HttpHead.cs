using System.Text;

namespace Gatehouse.Api.Dialing;

/// <summary>The head of an HTTP/1.1 answer: status code, reason and headers.</summary>
internal sealed record HttpHead(int Status, string StatusLine, IReadOnlyList<(string Name, string Value)> Headers)
{
    /// <summary>Far more than any proxy or balancer sends.</summary>
    private const int MaxBytes = 16 * 1024;

    public string? Header(string name) =>
        Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <summary>
    /// Reads to the empty line and not one byte further: what follows belongs to the tunnel. Byte by byte, once a connection, so
    /// that nothing need be handed back.
    /// </summary>
    /// <exception cref="WayFailedException">The answer is not HTTP, too long or cut off.</exception>
    public static async Task<HttpHead> ReadAsync(Stream stream, string peer, CancellationToken cancellation)
    {
        var bytes = new byte[MaxBytes];
        var length = 0;
        while (!Ended(bytes.AsSpan(0, length)))
        {
            if (length == MaxBytes)
                throw new WayFailedException($"{peer} answered with more than {MaxBytes} bytes of headers");
            if (await stream.ReadAsync(bytes.AsMemory(length, 1), cancellation) == 0)
                throw new WayFailedException($"{peer} closed the connection before its answer was complete");
            length++;
        }
        return Parse(Encoding.Latin1.GetString(bytes, 0, length), peer);
    }

    private static bool Ended(ReadOnlySpan<byte> head) => head.EndsWith("\r\n\r\n"u8) || head.EndsWith("\n\n"u8);

    private static HttpHead Parse(string text, string peer)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        var status = lines.Length == 0 ? [] : lines[0].Split(' ', 3);
        if (status.Length < 2 || !status[0].StartsWith("HTTP/1.", StringComparison.Ordinal) || !int.TryParse(status[1], out var code))
            throw new WayFailedException($"{peer} gave an answer that is not HTTP");
        var headers = lines.Skip(1)
            .Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries))
            .Where(parts => parts.Length == 2)
            .Select(parts => (parts[0], parts[1]))
            .ToList();
        return new HttpHead(code, string.Join(' ', status.Skip(1)), headers);
    }
}
