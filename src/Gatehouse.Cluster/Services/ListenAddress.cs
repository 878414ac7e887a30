using System.Net;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Cluster.Services;

/// <summary>Where the service listens.</summary>
internal sealed record ListenAddress(string Host, IPAddress Ip, int Port)
{
    public bool IsLocalhost => Host == "localhost";

    /// <exception cref="ClusterException">The text is no such address.</exception>
    public static ListenAddress Parse(string text)
    {
        if (HostPort.TryParse(text, out _) is not { Host: var host, Number: { } port })
            throw new ClusterException($"\"{text}\" is not HOST:PORT, such as 127.0.0.1:3025 or [::1]:3025");
        if (host is "" or "*")
            return new ListenAddress("", IPAddress.Any, port);
        if (host == "localhost")
            return new ListenAddress(host, IPAddress.Loopback, port);
        return IPAddress.TryParse(host, out var ip)
            ? new ListenAddress(host, ip, port)
            : throw new ClusterException($"\"{host}\" is not an IP address; the auth service listens on addresses, not names");
    }
}
