using System.Net;
using System.Net.Security;
using System.Text;

namespace Gatehouse.Api.Dialing;

/// <summary>
/// The HTTP proxy that <c>HTTPS_PROXY</c>/<c>https_proxy</c> name and <c>NO_PROXY</c>/<c>no_proxy</c> do not exempt, by the rules of
/// Go's httpproxy package: never for loopback; a name exempts itself and its subdomains, <c>.name</c> only those; IP, CIDR and port work.
/// </summary>
internal sealed class HttpProxy
{
    private readonly Uri _uri;

    private HttpProxy(Uri uri) => _uri = uri;

    /// <summary>Without user and password.</summary>
    private string Name => $"the HTTP proxy {_uri.Host}:{_uri.Port} (HTTPS_PROXY)";

    /// <exception cref="WayFailedException">The variable holds no usable URL. It is not repeated: it may hold a password.</exception>
    public static HttpProxy? For(ClusterAddress target, Func<string, string?> environment)
    {
        var value = Variable(environment, "HTTPS_PROXY");
        if (string.IsNullOrEmpty(value) || Exempt(target, Variable(environment, "NO_PROXY") ?? ""))
            return null;
        var text = value.Contains("://", StringComparison.Ordinal) ? value : $"http://{value}";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Host.Length == 0)
            throw new WayFailedException("HTTPS_PROXY is no URL; write http://host:port or http://user:password@host:port");
        return uri.Scheme is "http" or "https"
            ? new HttpProxy(uri)
            : throw new WayFailedException($"HTTPS_PROXY has the scheme {uri.Scheme}; http and https work");
    }

    /// <summary>A connection to <paramref name="target"/> through the proxy's CONNECT.</summary>
    public async Task<Stream> ConnectAsync(ClusterAddress target, DialSettings settings, CancellationToken cancellation)
    {
        Stream stream;
        try
        {
            stream = await Transport.TcpAsync(new ClusterAddress(_uri.IdnHost.Trim('[', ']'), _uri.Port), cancellation);
        }
        catch (WayFailedException e)
        {
            throw new WayFailedException($"{Name}: {e.Message}", e);
        }
        try
        {
            if (_uri.Scheme == "https")
            {
                var tls = new SslStream(stream);
                stream = tls;
                await WebTls.HandshakeAsync(tls, _uri.IdnHost, settings, cancellation);
            }
            await stream.WriteAsync(Encoding.Latin1.GetBytes(Request(target)), cancellation);
            var answer = await HttpHead.ReadAsync(stream, Name, cancellation);
            return answer.Status switch
            {
                >= 200 and < 300 => stream,
                407 => throw new WayFailedException($"{Name} wants a user and password (407); put them into HTTPS_PROXY"),
                _ => throw new WayFailedException($"{Name} refused CONNECT {target}: {TlsText.Printable(answer.StatusLine)}"),
            };
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private string Request(ClusterAddress target)
    {
        var request = $"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\nUser-Agent: gatehouse\r\n";
        if (_uri.UserInfo.Length > 0)
        {
            var login = Uri.UnescapeDataString(_uri.UserInfo);
            request += $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(login))}\r\n";
        }
        return request + "\r\n";
    }

    private static string? Variable(Func<string, string?> environment, string name) =>
        environment(name) is { Length: > 0 } upper ? upper : environment(name.ToLowerInvariant());

    private static bool Exempt(ClusterAddress target, string list)
    {
        var host = target.Host.ToLowerInvariant().TrimEnd('.');
        var address = IPAddress.TryParse(host, out var parsed) ? parsed : null;
        if (host == "localhost" || (address is not null && IPAddress.IsLoopback(address)))
            return true;
        return list.ToLowerInvariant()
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Any(entry => Matches(entry, host, target.Port, address));
    }

    private static bool Matches(string entry, string host, int port, IPAddress? address)
    {
        if (entry == "*")
            return true;
        if (IPNetwork.TryParse(entry, out var network))
            return address is not null && network.Contains(address);
        if (IPAddress.TryParse(entry, out var ip))
            return ip.Equals(address);
        var colon = entry.LastIndexOf(':');
        if (colon >= 0 && int.TryParse(entry[(colon + 1)..], out var only))
        {
            if (only != port)
                return false;
            entry = entry[..colon].Trim('[', ']');
            if (IPAddress.TryParse(entry, out ip))
                return ip.Equals(address);
        }
        entry = entry.StartsWith("*.", StringComparison.Ordinal) ? entry[1..] : entry;
        return entry.StartsWith('.') ? host.EndsWith(entry, StringComparison.Ordinal) : host == entry || host.EndsWith("." + entry, StringComparison.Ordinal);
    }
}
