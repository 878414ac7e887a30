using System.Net;

namespace Gatehouse.Cluster;

/// <summary>What <c>gatehouse start</c> runs, checked.</summary>
public sealed record ClusterPlan
{
    /// <summary>Folder of everything the cluster keeps; made when it is not there.</summary>
    public required string DataDir { get; init; }

    /// <summary><c>HOST:PORT</c> to listen on. HOST is an IP address, <c>localhost</c>, or empty or <c>*</c> for all; port 0 takes a free one.</summary>
    public string AuthAddr { get; init; } = "127.0.0.1:3025";

    /// <summary>Name of the cluster; null takes the one the folder has, or the machine's name for a new one.</summary>
    public string? ClusterName { get; init; }

    /// <summary>Called once, with the address that was really bound, when calls are answered.</summary>
    public Action<IPEndPoint>? Ready { get; init; }
}
