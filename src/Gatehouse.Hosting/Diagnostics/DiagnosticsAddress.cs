using System.Net;

namespace Gatehouse.Hosting.Diagnostics;

/// <summary>Where the diagnostics listen: <c>127.0.0.1:3000</c>, <c>[::1]:3000</c>, <c>localhost:3000</c>, or <c>:3000</c> for every address of this host.</summary>
/// <param name="Address">Null for every address.</param>
/// <param name="Port">0 lets the system choose.</param>
public sealed record DiagnosticsAddress(IPAddress? Address, int Port)
{
    /// <param name="problem">What is wrong with the text, when it is not an address.</param>
    public static DiagnosticsAddress? TryParse(string text, out string? problem)
    {
        problem = null;
        var colon = text.LastIndexOf(':');
        if (colon < 0)
        {
            problem = $"address {text}: missing port in address";
            return null;
        }
        if (!ushort.TryParse(text[(colon + 1)..], System.Globalization.NumberStyles.None, null, out var port))
        {
            problem = $"address {text}: \"{text[(colon + 1)..]}\" is not a port";
            return null;
        }
        var host = text[..colon];
        if (host is "" or "*" or "0.0.0.0" or "[::]")
            return new DiagnosticsAddress(null, port);
        if (host == "localhost")
            return new DiagnosticsAddress(IPAddress.Loopback, port);
        var bare = host.StartsWith('[') && host.EndsWith(']') ? host[1..^1] : host;
        if ((bare == host) == host.Contains(':') || !IPAddress.TryParse(bare, out var address))
        {
            problem = $"address {text}: \"{host}\" is not an address of this host; write an IP address, localhost, or nothing for all";
            return null;
        }
        return new DiagnosticsAddress(address, port);
    }

    public override string ToString() => Address is null ? $":{Port}" : new IPEndPoint(Address, Port).ToString();
}
