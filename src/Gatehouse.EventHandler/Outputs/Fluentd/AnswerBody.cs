using System.Buffers;
using System.Text;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// Reads the rest of an answer. Its content decides nothing, but a connection whose answer was not read to the end cannot be kept
/// (upstream pays a TLS handshake per event for that), and the first words of an error belong into the log.
/// </summary>
internal static class AnswerBody
{
    /// <summary>More than this is cheaper thrown away with the connection.</summary>
    private const int MaxBytes = 64 * 1024;

    private const int ExcerptBytes = 300;

    /// <returns>The first words of an error's body, on one line; empty for a success.</returns>
    public static async ValueTask<string> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.Content.Headers.ContentLength == 0)
            return "";
        var buffer = ArrayPool<byte>.Shared.Rent(4096);
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellation);
            var excerpt = "";
            for (var total = 0; total < MaxBytes;)
            {
                var read = await body.ReadAsync(buffer, cancellation);
                if (read == 0)
                    break;
                if (total == 0 && !response.IsSuccessStatusCode && response.Content.Headers.ContentEncoding.Count == 0)
                    excerpt = OneLine(Encoding.UTF8.GetString(buffer.AsSpan(0, Math.Min(read, ExcerptBytes))));
                total += read;
            }
            return excerpt;
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // The status stands, whatever became of the text behind it; the connection is lost with it.
            return "";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    /// <summary>A receiver's words as part of a log line.</summary>
    public static string OneLine(string words)
    {
        var text = new StringBuilder(words.Trim());
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsControl(text[i]))
                text[i] = ' ';
        }
        return text.ToString();
    }
}
