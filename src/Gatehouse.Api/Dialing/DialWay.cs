namespace Gatehouse.Api.Dialing;

/// <summary>The ways to Auth (teleport-wire 2).</summary>
internal enum DialWay
{
    Direct,
    TlsRouting,
    ConnectionUpgrade,
}

internal static class DialWayWords
{
    public static string Words(this DialWay way) => way switch
    {
        DialWay.Direct => "direct",
        DialWay.TlsRouting => "TLS routing",
        _ => "connection upgrade",
    };
}

/// <summary>Who was met before an attempt failed; decides whether another way could do better.</summary>
internal enum Met
{
    /// <summary>No connection came up.</summary>
    Nobody,

    /// <summary>Something that is not the cluster's Auth: a web listener, a load balancer, something without TLS.</summary>
    Stranger,

    /// <summary>A server with a certificate of the cluster's CA. What it says holds for every way.</summary>
    Cluster,
}
