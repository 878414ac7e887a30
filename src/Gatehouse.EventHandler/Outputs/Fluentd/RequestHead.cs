using System.Buffers.Text;
using System.Text;

namespace Gatehouse.EventHandler.Outputs.Fluentd;

/// <summary>
/// The head of an HTTP/1.1 request as bytes, all but the length: names, values and order are upstream's (spec 5.1). Made once per
/// URL, so that a request costs a copy.
/// </summary>
internal sealed class RequestHead
{
    private readonly byte[] _untilLength;
    private readonly byte[] _fromLength;

    /// <param name="url">Where to.</param>
    /// <param name="own">Headers of the user; one of ours by the same name gives way, in its place.</param>
    /// <param name="gzip">Whether the body is compressed.</param>
    public RequestHead(ReceiverUrl url, IReadOnlyDictionary<string, string> own, bool gzip)
    {
        var rest = new Dictionary<string, string>(own, StringComparer.OrdinalIgnoreCase);
        var text = new StringBuilder($"POST {url.Uri.PathAndQuery} HTTP/1.1\r\n");
        Add("Host", HostOf(url.Uri));
        Add("User-Agent", "Go-http-client/1.1");
        _untilLength = Encoding.ASCII.GetBytes(text.Append("Content-Length: ").ToString());
        text.Clear().Append("\r\n");
        Add("Authorization", url.Authorization);
        Add("Content-Type", "application/json");
        Add("Content-Encoding", gzip ? "gzip" : null);
        Add("Accept-Encoding", "gzip");
        foreach (var (name, value) in rest.ToList())
            Add(name, value);
        _fromLength = Encoding.ASCII.GetBytes(text.Append("\r\n").ToString());

        void Add(string name, string? value)
        {
            if (rest.Remove(name, out var replacement))
                value = replacement;
            if (value is not null)
                text.Append(name).Append(": ").Append(value).Append("\r\n");
        }
    }

    /// <summary>Room that <see cref="Write"/> needs at most.</summary>
    public int MaxLength => _untilLength.Length + 10 + _fromLength.Length;

    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> to, int contentLength)
    {
        _untilLength.CopyTo(to);
        var at = _untilLength.Length;
        Utf8Formatter.TryFormat(contentLength, to[at..], out var digits);
        at += digits;
        _fromLength.CopyTo(to[at..]);
        return at + _fromLength.Length;
    }

    private static string HostOf(Uri uri)
    {
        var host = uri.HostNameType == UriHostNameType.IPv6 ? uri.Host : uri.IdnHost;
        return uri.IsDefaultPort ? host : $"{host}:{uri.Port}";
    }
}
