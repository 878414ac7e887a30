using System.Text;

namespace Gatehouse.Api.Dialing;

/// <summary>Names for SNI and ALPN (teleport-wire 2.3, 2.4).</summary>
internal static class ServerNames
{
    /// <summary>In the certificate of every service of every cluster.</summary>
    public const string Cluster = "teleport.cluster.local";

    /// <summary>Hex of the cluster's name below <see cref="Cluster"/>; the wildcard of service certificates covers it.</summary>
    public static string Encode(string clusterName) =>
        $"{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(clusterName))}.{Cluster}";

    /// <summary>
    /// The encoded name where it is a legal host name, which ends at clusters of 31 bytes; longer ones go by ALPN alone, as the
    /// direct Go dialer does.
    /// </summary>
    public static string Sni(string clusterName)
    {
        var encoded = Encode(clusterName);
        return encoded.IndexOf('.', StringComparison.Ordinal) <= 63 ? encoded : Cluster;
    }

    public static string AuthProtocol(string clusterName) => $"teleport-auth@{Encode(clusterName)}";
}
