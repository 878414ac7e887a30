using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Text;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>The parsed head of an HTTP/1.1 answer (RFC 9112 sections 4 and 6), as much of it as we act on.</summary>
internal readonly record struct Http1AnswerHead
{
    public int Status { get; private init; }

    /// <summary>Body length announced; null when it is chunked or goes to the end of the connection.</summary>
    public long? ContentLength { get; private init; }

    public bool IsChunked { get; private init; }

    /// <summary>Whether the peer keeps the connection.</summary>
    public bool KeepsConnection { get; private init; }

    public bool IsEncoded { get; private init; }

    public RetryConditionHeaderValue? RetryAfter { get; private init; }

    public string? Location { get; private init; }

    /// <summary>An answer to a POST that never has a body, whatever its headers say (RFC 9112 6.3).</summary>
    public bool HasNoBody => Status is 204 or 304 || (ContentLength == 0 && !IsChunked);

    /// <returns>Bytes of the head with its empty line, or 0 when it is not all there.</returns>
    public static int FindEnd(ReadOnlySpan<byte> bytes)
    {
        // Some peers end lines with a bare LF, which RFC 9112 2.2 lets a reader accept.
        for (var at = 0; bytes[at..].IndexOf((byte)'\n') is >= 0 and var lf; )
        {
            at += lf + 1;
            if (bytes[at..] is [(byte)'\n', ..])
                return at + 1;
            if (bytes[at..] is [(byte)'\r', (byte)'\n', ..])
                return at + 2;
        }
        return 0;
    }

    /// <summary>Whether this can become an answer at all; rubbish is told before waiting for its end.</summary>
    public static bool CanBegin(ReadOnlySpan<byte> bytes)
    {
        var prefix = "HTTP/1."u8;
        return bytes.Length >= prefix.Length ? bytes.StartsWith(prefix) : prefix.StartsWith(bytes);
    }

    /// <param name="head">Everything up to and including the empty line.</param>
    /// <returns>Null when it is not HTTP/1.</returns>
    public static Http1AnswerHead? Parse(ReadOnlySpan<byte> head)
    {
        var line = NextLine(ref head);
        if (line.Length < 12 || !CanBegin(line) || line[8] != ' ' || !Utf8Parser.TryParse(line.Slice(9, 3), out int status, out var digits) || digits != 3 || status < 100)
            return null;
        var answer = new Http1AnswerHead { Status = status, KeepsConnection = line[7] != '0' };
        while (NextLine(ref head) is { Length: > 0 } header)
        {
            var colon = header.IndexOf((byte)':');
            if (colon > 0)
                answer = answer.With(header[..colon], header[(colon + 1)..].Trim((byte)' ').Trim((byte)'\t'));
        }
        return answer;
    }

    private Http1AnswerHead With(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        if (Is(name, "content-length"u8))
            return Utf8Parser.TryParse(value, out long length, out var used) && used == value.Length && length >= 0 ? this with { ContentLength = length } : this with { KeepsConnection = false };
        if (Is(name, "transfer-encoding"u8))
            return this with { IsChunked = true };
        if (Is(name, "connection"u8))
            return Mentions(value, "close"u8) ? this with { KeepsConnection = false } : Mentions(value, "keep-alive"u8) ? this with { KeepsConnection = true } : this;
        if (Is(name, "content-encoding"u8))
            return this with { IsEncoded = true };
        if (Is(name, "retry-after"u8))
            return RetryConditionHeaderValue.TryParse(Encoding.Latin1.GetString(value), out var wait) ? this with { RetryAfter = wait } : this;
        if (Is(name, "location"u8))
            return this with { Location = Encoding.UTF8.GetString(value) };
        return this;
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> lower) => name.Length == lower.Length && Ascii.EqualsIgnoreCase(name, lower);

    private static bool Mentions(ReadOnlySpan<byte> value, ReadOnlySpan<byte> lower)
    {
        for (var at = 0; at + lower.Length <= value.Length; at++)
        {
            if (Ascii.EqualsIgnoreCase(value.Slice(at, lower.Length), lower))
                return true;
        }
        return false;
    }

    private static ReadOnlySpan<byte> NextLine(ref ReadOnlySpan<byte> rest)
    {
        var end = rest.IndexOf((byte)'\n');
        var line = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[(end + 1)..];
        return line.TrimEnd((byte)'\r');
    }
}
