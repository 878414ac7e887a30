using System.Net;
using Gatehouse.Hosting.Settings;

namespace Gatehouse.Hosting.Diagnostics;

/// <summary>Where the diagnostics listen: <c>127.0.0.1:3000</c>, <c>[::1]:3000</c>, <c>localhost:3000</c>, or <c>:3000</c> for every address of this host.</summary>
/// <param name="Address">Null for every address.</param>
/// <param name="Port">0 lets the system choose.</param>
public sealed record DiagnosticsAddress(IPAddress? Address, int Port)
{
    /// <param name="problem">What is wrong with the text, when it is not an address.</param>
    public static DiagnosticsAddress? TryParse(string text, out string? problem)
    {
        if (HostPort.TryParse(text, out problem) is not { } parts)
            return null;
        if (parts.Number is not { } port)
        {
            problem = $"address {text}: \"{parts.Port}\" is not a port";
            return null;
        }
        if (parts.Host is "" or "*" or "0.0.0.0" or "::")
            return new DiagnosticsAddress(null, port);
        if (parts.Host == "localhost")
            return new DiagnosticsAddress(IPAddress.Loopback, port);
        if (IPAddress.TryParse(parts.Host, out var address))
            return new DiagnosticsAddress(address, port);
        problem = $"address {text}: \"{parts.Host}\" is not an address of this host; write an IP address, localhost, or nothing for all";
        return null;
    }

    public override string ToString() => Address is null ? $":{Port}" : new IPEndPoint(Address, Port).ToString();
}
